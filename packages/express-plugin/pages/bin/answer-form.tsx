import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BinJson } from '../../src/bins/bin-shapes.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Field } from '../look/field.tsx';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { ask } from './api.ts';

/** Lets one choose how a bin answers, for now on. */
export function AnswerForm({ bin, onSaved }: { readonly bin: BinJson; readonly onSaved: () => void }): JSX.Element {
  const { answer } = bin;
  const [status, setStatus] = useState(String(answer.status));
  const [delay, setDelay] = useState(String(answer.delayMs / 1_000));
  const [body, setBody] = useState(answer.body);
  const [headers, setHeaders] = useState(answer.headers);
  const [first, setFirst] = useState(answer.times !== null);
  const [times, setTimes] = useState(String(answer.times ?? 3));
  const save = useAction(async () => {
    const delayMs = Math.round(Number(delay.replace(',', '.')) * 1_000);
    await ask('PUT', `/${bin.id}/answer`, { status, delayMs, body, headers, ...(first ? { times } : {}) });
    announce('Saved. The bin answers so from now on.');
    onSaved();
  });
  const typed =
    (set: (value: string) => void) =>
    ({ currentTarget }: { currentTarget: { value: string } }) =>
      set(currentTarget.value);

  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        save.run();
      }}
    >
      <div class="two">
        <Field label="Status">
          {(control) => (
            <input {...control} inputMode="numeric" value={status} onInput={typed(setStatus)} list="statuses" autofocus />
          )}
        </Field>
        <Field label="Delay in seconds" hint="At most 30.">
          {(control) => <input {...control} inputMode="decimal" value={delay} onInput={typed(setDelay)} />}
        </Field>
      </div>
      <datalist id="statuses">
        {[200, 204, 302, 400, 401, 404, 410, 429, 500, 502, 503].map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <fieldset class="choices">
        <legend class="field-label">Answer so</legend>
        <label class="choice">
          <input type="radio" name="times" checked={!first} onChange={() => setFirst(false)} />
          every request
        </label>
        <label class="choice">
          <input type="radio" name="times" checked={first} onChange={() => setFirst(true)} />
          only the next ones, then 200
        </label>
      </fieldset>
      {first && (
        <Field label="How many of the next requests">
          {(control) => <input {...control} inputMode="numeric" value={times} onInput={typed(setTimes)} />}
        </Field>
      )}
      <Field label="Headers" hint="Lines such as Retry-After: 60. Also RateLimit-*, X-RateLimit-*, X-Request-Id and X-Test-*.">
        {(control) => <textarea {...control} class="input mono" rows={2} value={headers} onInput={typed(setHeaders)} />}
      </Field>
      <Field label="Body" hint="Sent as plain text.">
        {(control) => <textarea {...control} class="input mono" rows={3} value={body} onInput={typed(setBody)} />}
      </Field>
      <Problem error={save.error} />
      <div class="row">
        <Button kind="primary" type="submit" busy={save.busy}>
          Save answer
        </Button>
      </div>
    </form>
  );
}
