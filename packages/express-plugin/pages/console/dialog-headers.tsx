import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { HeadersJson } from '../../src/manage/schemas-requests.ts';
import type { SubscriptionJson } from '../../src/manage/schemas.ts';
import { announce } from '../look/announce.ts';
import { ApiError } from '../look/api.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Field } from '../look/field.tsx';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { send } from './api.ts';
import { changed } from './live.ts';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

type Kind = NonNullable<HeadersJson['auth']>['type'];

const kinds: Readonly<Record<Kind, string>> = { none: 'None', basic: 'User name and password', bearer: 'Token' };

/** Puts other headers in the place of those that the requests of a subscription carry of its own. */
export function HeadersDialog({ subscription: { id, headerNames }, onClose }: DialogProps): JSX.Element {
  const [kind, setKind] = useState<Kind>('none');
  const [username, setUsername] = useState('');
  const [secret, setSecret] = useState('');
  const [lines, setLines] = useState('');
  const save = useAction(async () => {
    await send('PATCH', `subscriptions/${id}`, { auth: authOf(kind, username, secret), headers: headersOf(lines) });
    announce('Requests carry these headers from now on.');
    changed();
    onClose();
  });
  const typed =
    (set: (value: string) => void) =>
    ({ currentTarget }: { currentTarget: { value: string } }) =>
      set(currentTarget.value);
  const plain = { autocomplete: 'off', autocapitalize: 'off', spellcheck: false } as const;

  return (
    <Dialog title="Headers of its own" onClose={onClose}>
      <p>
        What your program asks for to know who sends. It is shown to nobody again
        {headerNames.length > 0 && `, and takes the place of all that there is: ${headerNames.join(', ')}`}.
      </p>
      <form
        class="form"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          save.run();
        }}
      >
        <Field label="Authorization">
          {(control) => (
            <select {...control} value={kind} autofocus onChange={(event) => setKind(event.currentTarget.value as Kind)}>
              {Object.entries(kinds).map(([name, words]) => (
                <option key={name} value={name}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        {kind === 'basic' && (
          <Field label="User name">
            {(control) => <input {...control} {...plain} maxLength={500} value={username} onInput={typed(setUsername)} />}
          </Field>
        )}
        {kind !== 'none' && (
          <Field label={kind === 'basic' ? 'Password' : 'Secret token'}>
            {(control) => (
              <input
                {...control}
                type="password"
                autocomplete="new-password"
                maxLength={2_000}
                value={secret}
                onInput={typed(setSecret)}
              />
            )}
          </Field>
        )}
        <Field label="Further headers" hint="One to a line, such as X-Tenant: blue.">
          {(control) => <textarea {...control} {...plain} class="input mono" rows={3} value={lines} onInput={typed(setLines)} />}
        </Field>
        <Problem error={save.error} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Not now</Button>
          <Button kind="primary" type="submit" busy={save.busy}>
            Save headers
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function authOf(kind: Kind, username: string, secret: string): HeadersJson['auth'] {
  if (kind === 'basic') return { type: kind, username, password: secret };
  return kind === 'bearer' ? { type: kind, token: secret } : { type: kind };
}

/** @throws {ApiError} for a line that is no header; it is not repeated, because it may be a secret */
function headersOf(lines: string): HeadersJson['headers'] {
  const given = lines.split('\n').map((line) => line.trim());
  return given.flatMap((line, index) => {
    if (line === '') return [];
    const [, name, value] = /^([^:]+?)\s*:\s*(.+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) return [{ name, value }];
    throw new ApiError(422, 'That is no header', `Line ${index + 1} is not a name, a colon and a value.`);
  });
}
