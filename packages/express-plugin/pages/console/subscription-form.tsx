import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { NewSubscriptionJson } from '../../src/manage/schemas-requests.ts';
import type { CatalogJson } from '../../src/manage/schemas-stats.ts';
import { ApiError } from '../look/api.ts';
import { Button } from '../look/button.tsx';
import { Field } from '../look/field.tsx';
import { span } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { TopicPicker } from './topic-picker.tsx';

interface SubscriptionFormProps {
  readonly catalog: CatalogJson;
  /** What stands in it at first. */
  readonly start: Omit<NewSubscriptionJson, 'filter'>;
  readonly saveAs: string;
  readonly onSave: (chosen: NewSubscriptionJson) => Promise<void>;
  /** Where one goes who does not save. */
  readonly cancel: string;
  readonly note?: string;
}

const formats: Readonly<Record<string, string>> = {
  full: 'Every field of the record.',
  lightweight: 'The number and a few main fields, such as name and address.',
  notify: 'The number only: your program asks for the rest.',
};

/** The orders in which events can be sent, and what each of them means. */
const orderings = {
  none: { choice: 'In no order', hint: 'Every event is sent as soon as it can be.' },
  record: {
    choice: 'One after the other, for each record',
    hint: 'An event waits until all earlier ones about its record are finished.',
  },
  subscription: {
    choice: 'One after the other, all of them',
    hint: 'An event waits until all earlier ones are finished. One that fails holds up all others until it is given up.',
  },
} as const;

/** For how long updates can be gathered here, in milliseconds. */
const windowsMs = [0, 10_000, 60_000, 600_000, 3_600_000, 86_400_000];

/** What an owner chooses about a subscription. What the API refuses is told at the field that it is about. */
export function SubscriptionForm({ catalog, start, saveAs, onSave, cancel, note }: SubscriptionFormProps): JSX.Element {
  const [url, setUrl] = useState(start.url);
  const [topic, setTopic] = useState(start.topic);
  const [format, setFormat] = useState(start.format ?? 'full');
  const [encoding, setEncoding] = useState(start.encoding ?? 'form');
  const [ordering, setOrdering] = useState(start.ordering ?? 'none');
  const [coalesceMs, setCoalesceMs] = useState(start.coalesceMs ?? 0);
  const form = useRef<HTMLFormElement>(null);
  const save = useAction(async () => {
    try {
      checkChosen(topic, url);
      await onSave({ url: url.trim(), topic, format, encoding, ordering, coalesceMs });
    } catch (error) {
      // Where there is something to put right, the cursor goes there.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      throw error;
    }
  });
  const { error } = save;
  const wrong = partOf(error?.part, error?.message);
  const of = (part: string): string | undefined => (wrong === part ? error?.message : undefined);

  return (
    <form
      ref={form}
      class="card form-narrow"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.run();
      }}
    >
      <div class="card-body form">
        <TopicPicker catalog={catalog} topic={topic} onPick={setTopic} error={of('topic')} />
        <Field label="Send to" hint="The address of your program: it is sent a POST request for each event." error={of('url')}>
          {(control) => (
            <input
              {...control}
              type="text"
              inputMode="url"
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              maxLength={2_048}
              placeholder="https://example.com/hooks"
              value={url}
              onInput={(event) => setUrl(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Format" hint={formats[format] ?? 'A format of this site’s own.'} error={of('format')}>
          {(control) => (
            <select {...control} value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
              {catalog.formats.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <fieldset class="choices">
          <legend class="field-label">Written as</legend>
          {(['form', 'json'] as const).map((name) => (
            <label key={name} class="choice">
              <input type="radio" name="encoding" value={name} checked={encoding === name} onChange={() => setEncoding(name)} />
              {name === 'form' ? 'Form fields (as HTML forms send them)' : 'JSON'}
            </label>
          ))}
        </fieldset>
        <Field label="Order" hint={orderings[ordering].hint} error={of('ordering')}>
          {(control) => (
            <select {...control} value={ordering} onChange={(event) => setOrdering(event.currentTarget.value as typeof ordering)}>
              {(Object.keys(orderings) as (typeof ordering)[]).map((name) => (
                <option key={name} value={name}>
                  {orderings[name].choice}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Updates of the same record"
          hint={
            coalesceMs === 0
              ? 'Every event is sent, as soon as it happens.'
              : 'Events about a record wait for so long, and the newest of them is sent.'
          }
          error={of('coalesceMs')}
        >
          {(control) => (
            <select {...control} value={coalesceMs} onChange={(event) => setCoalesceMs(Number(event.currentTarget.value))}>
              {[...new Set([...windowsMs, coalesceMs])].map((ms) => (
                <option key={ms} value={ms}>
                  {ms === 0 ? 'Send each' : `Send one in ${span(ms)}`}
                </option>
              ))}
            </select>
          )}
        </Field>
        {error && wrong === null && <Problem error={error} />}
        {note && <p class="small muted">{note}</p>}
        <div class="form-actions">
          <Button kind="primary" type="submit" busy={save.busy}>
            {saveAs}
          </Button>
          <a class="button" href={cancel}>
            Cancel
          </a>
        </div>
      </div>
    </form>
  );
}

/** What the API would say in words of its own. @throws {ApiError} */
function checkChosen(topic: string, url: string): void {
  const missing = 'Something is missing';
  if (topic === '') throw new ApiError(422, missing, 'Choose an event.', 'topic');
  if (topic.endsWith('()')) throw new ApiError(422, missing, 'Enter a number.', 'topic');
  if (url.trim() === '') throw new ApiError(422, missing, 'Enter the address of your program.', 'url');
}

/** The field that an error is about; null when it is about none of them. */
function partOf(part: string | undefined, message: string | undefined): string | null {
  if (part !== undefined && ['url', 'topic', 'format', 'ordering', 'coalesceMs'].includes(part)) return part;
  const named = /^Invalid (url|topic)\b|^Unknown (event|object type|format)\b/.exec(message ?? '');
  if (!named) return null;
  return named[1] ?? (named[2] === 'format' ? 'format' : 'topic');
}
