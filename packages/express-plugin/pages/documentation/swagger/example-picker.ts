import { account } from '../account.ts';
import type { Component, System } from './swagger-ui.ts';

const presets: readonly (readonly [value: string, name: string])[] = [
  ['', 'Every field, as a form'],
  ['{"format":"lightweight"}', 'A few fields'],
  ['{"format":"notify"}', 'Only the id'],
  ['{"encoding":"json"}', 'Every field, as JSON'],
  ['{"format":"lightweight","encoding":"json"}', 'A few fields, as JSON'],
];

/** Puts a list to choose from below the inputs `event` and `data`: what the account has, and what there is. */
export function examplePicker(original: unknown, { React }: System): Component {
  const { createElement, Fragment, useSyncExternalStore } = React;

  function Picker({ name, change }: { readonly name: 'event' | 'data'; readonly change: (value: string) => void }) {
    const { events } = useSyncExternalStore(account.listen, account.read);
    const option = (value: string, text: string) => createElement('option', { key: value, value }, text);
    const groups =
      name === 'data'
        ? presets.map(([value, text]) => option(value, text))
        : Object.entries(events ?? {})
            .filter(([, all]) => all.length > 0)
            .map(([event, all]) =>
              createElement(
                'optgroup',
                { key: event, label: event },
                all.map(({ number, name: what }) => option(`${event}(${number})`, `${event}(${number}): ${what}`)),
              ),
            );
    if (groups.length === 0) return null;
    return createElement(
      'select',
      {
        className: 'example-picker',
        'aria-label': name === 'event' ? 'Events of your account' : 'What to send',
        value: 'choose',
        onChange: (chosen: { readonly target: HTMLSelectElement }) => change(chosen.target.value),
      },
      createElement('option', { value: 'choose', disabled: true }, name === 'event' ? 'Choose one of yours …' : 'Choose …'),
      groups,
    );
  }

  return (props) => {
    const { description, onChange, keyName } = props;
    const field = createElement(original, props);
    if (description !== 'event' && description !== 'data') return field;
    const change = (value: string): void => (onChange as (value: string, name: unknown) => void)(value, keyName);
    return createElement(Fragment, null, field, createElement(Picker, { name: description, change }));
  };
}
