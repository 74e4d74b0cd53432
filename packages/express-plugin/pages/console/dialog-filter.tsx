import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { FilterPreviewJson } from '../../src/manage/schemas-filters.ts';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { ApiError } from '../look/api.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Field } from '../look/field.tsx';
import { count } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { Tag } from '../look/tag.tsx';
import { Time } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { send } from './api.ts';
import { changed } from './live.ts';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

/** Lets a subscription have another filter, and tries it on what has happened. */
export function FilterDialog({ subscription: { id, topic, filter }, onClose }: DialogProps): JSX.Element {
  const [text, setText] = useState(filter ? JSON.stringify(filter, null, 2) : '');
  const [tried, setTried] = useState<FilterPreviewJson>();
  const save = useAction(async () => {
    await send('PATCH', `subscriptions/${id}`, { filter: filterOf(text) });
    announce(text.trim() === '' ? 'It gets every event from now on.' : 'The filter counts from now on.');
    changed();
    onClose();
  });
  const attempt = useAction(async () => {
    setTried(undefined);
    setTried(await send<FilterPreviewJson>('POST', 'filters/preview', { topic, filter: filterOf(text) ?? {}, limit: 10 }));
  });
  const error = save.error ?? attempt.error;
  const ofField = error?.part === 'filter';

  return (
    <Dialog title="Filter" onClose={onClose}>
      <p>It gets only the events that the filter lets through. Empty means every event of its kind.</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          attempt.clear();
          save.run();
        }}
      >
        <Field
          label="Filter, as JSON"
          hint={
            <>
              Such as <code>{'{"exact": {"data.country": "DE"}}'}</code>, or{' '}
              <code>{'{"all": [{"exists": {"data.email": true}}]}'}</code>.
            </>
          }
          error={ofField ? error.message : undefined}
        >
          {(control) => (
            <textarea
              {...control}
              class="input mono"
              rows={6}
              maxLength={4_000}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              autofocus
              value={text}
              onInput={(event) => {
                setText(event.currentTarget.value);
                setTried(undefined);
              }}
            />
          )}
        </Field>
        {error && !ofField && <Problem error={error} />}
        <div role="status">
          {attempt.busy && <p class="loading">Trying it on the last events…</p>}
          {tried && <Tried tried={tried} />}
        </div>
        <div class="dialog-actions">
          <Button onClick={onClose}>Not now</Button>
          <Button
            busy={attempt.busy}
            disabled={text.trim() === ''}
            onClick={() => {
              save.clear();
              attempt.run();
            }}
          >
            Try it
          </Button>
          <Button kind="primary" type="submit" busy={save.busy}>
            Save filter
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Tried({ tried: { matched, events } }: { readonly tried: FilterPreviewJson }): JSX.Element {
  if (events.length === 0) return <p>Nothing of this kind has happened yet, so there is nothing to try it on.</p>;
  return (
    <div class="stack">
      <p class="replay-count">
        It lets {matched} of the last {count(events.length, 'event')} through.
      </p>
      <ul class="steps">
        {events.map(({ id, occurredAt, matches }) => (
          <li key={id}>
            <Time at={Date.parse(occurredAt)} as="full" />{' '}
            <Tag tone={matches ? 'good' : 'off'} icon={matches ? 'check' : 'cross'}>
              {matches ? 'let through' : 'left out'}
            </Tag>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What is written there; null for nothing. @throws {ApiError} for what is no JSON object */
function filterOf(text: string): object | null {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new ApiError(400, 'That is no filter', 'It is no JSON object. It begins with { and ends with }.', 'filter');
}
