import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CatalogJson } from '../../src/manage/schemas-stats.ts';
import { Field } from '../look/field.tsx';
import { eventWords } from './words.ts';

interface TopicPickerProps {
  readonly catalog: CatalogJson;
  /** Such as `sub_tag(3)`; empty when nothing is chosen. */
  readonly topic: string;
  readonly onPick: (topic: string) => void;
  readonly error: string | undefined;
}

/** Chooses an event and what it is about: one of the account's tags, forms and objects, or a number. */
export function TopicPicker({ catalog, topic, onPick, error }: TopicPickerProps): JSX.Element {
  const match = /^(\w+)\((\d*)\)$/.exec(topic);
  const [, name = '', target = ''] = match ?? [];
  const event = catalog.events.find((known) => known.name === name);
  const [byHand, setByHand] = useState(false);
  const suggestions = event ? suggestionsFor(event, catalog) : [];
  const known = suggestions.some(({ number }) => String(number) === target);
  const typed = byHand || suggestions.length === 0 || (target !== '' && !known);
  const what = event ? targetName(event.parameter) : '';

  const pickEvent = (picked: string): void => {
    setByHand(false);
    const found = catalog.events.find((each) => each.name === picked);
    const first = found && suggestionsFor(found, catalog)[0];
    onPick(`${picked}(${first?.number ?? ''})`);
  };

  return (
    <>
      <Field label="Event" error={event ? undefined : error}>
        {(control) => (
          <select {...control} value={name} onChange={(change) => pickEvent(change.currentTarget.value)}>
            {!event && (
              <option value="" disabled>
                Choose an event
              </option>
            )}
            {catalog.events.map((each) => (
              <option key={each.name} value={each.name}>
                {eventWords(each.name)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {event && suggestions.length > 0 && (
        <Field label={what} error={typed ? undefined : error}>
          {(control) => (
            <select
              {...control}
              value={typed ? 'other' : target}
              onChange={({ currentTarget: { value } }) => {
                setByHand(value === 'other');
                onPick(`${name}(${value === 'other' ? '' : value})`);
              }}
            >
              {suggestions.map(({ number, name: label }) => (
                <option key={number} value={String(number)}>
                  {`${label} (${number})`}
                </option>
              ))}
              <option value="other">Another number …</option>
            </select>
          )}
        </Field>
      )}
      {event && typed && (
        <Field label={`Number of the ${what.toLowerCase()}`} error={error} hint={`Sent as ${name}(${target || '…'}).`}>
          {(control) => (
            <input
              {...control}
              inputMode="numeric"
              autocomplete="off"
              maxLength={15}
              value={target}
              onInput={(change) => {
                setByHand(true);
                onPick(`${name}(${change.currentTarget.value.replaceAll(/\D/g, '')})`);
              }}
            />
          )}
        </Field>
      )}
    </>
  );
}

type Event = CatalogJson['events'][number];

function suggestionsFor(event: Event, catalog: CatalogJson): readonly { readonly number: number; readonly name: string }[] {
  if (event.examples.length > 0) return event.examples;
  return event.parameter === null ? catalog.objectTypes.map(({ id, name }) => ({ number: id, name })) : [];
}

/** What the number of an event names: `Tag` for `tag_id`. */
function targetName(parameter: string | null): string {
  if (parameter === null) return 'Type of record';
  const words = parameter.replace(/_id$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
