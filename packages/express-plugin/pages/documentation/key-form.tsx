import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Field } from '../look/field.tsx';
import { account, type AccountState } from './account.ts';
import { settings } from './settings.ts';

/** Takes the key pair that requests from this page are made with. */
export function KeyForm(): JSX.Element {
  const { keys } = useAccount();
  return (
    <section class="card" aria-labelledby="keys-title">
      <div class="card-head">
        <h2 id="keys-title">Your keys</h2>
      </div>
      <div class="card-body">{keys ? <Entered appId={keys.appId} /> : <Entry />}</div>
    </section>
  );
}

function useAccount(): AccountState {
  const [state, setState] = useState(account.read);
  useEffect(() => {
    const look = (): void => setState(account.read());
    // It may have changed between the first picture of the page and now.
    look();
    return account.listen(look);
  }, []);
  return state;
}

function Entered({ appId }: { readonly appId: string }): JSX.Element {
  return (
    <div class="row">
      <p>
        Requests from this page carry the keys of App ID <code>{appId}</code>. They are kept until you close this tab.
      </p>
      <Button
        onClick={() => {
          account.forget();
          announce('The keys are forgotten.');
        }}
      >
        Forget them
      </Button>
    </div>
  );
}

function Entry(): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function enter(form: HTMLFormElement): Promise<void> {
    const given = new FormData(form);
    const [appId = '', apiKey = ''] = ['appId', 'apiKey'].map((name) => (given.get(name) as string).trim());
    if (appId === '' || apiKey === '') return setProblem('Enter both: the App ID and the API key.');
    setBusy(true);
    const found = await account.enter({ appId, apiKey });
    setBusy(false);
    setProblem(found);
    if (found === null) announce('The keys are right. Requests from this page carry them now.');
  }

  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void enter(event.currentTarget);
      }}
    >
      <Field label="App ID">
        {(control) => <input {...control} name="appId" autocomplete="off" autocapitalize="off" spellcheck={false} />}
      </Field>
      <Field label="API key">{(control) => <input {...control} name="apiKey" type="password" autocomplete="off" />}</Field>
      <Button type="submit" kind="primary" busy={busy}>
        Use these keys
      </Button>
      {problem !== null && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
      <p class="field-hint key-form-hint">
        They go out as the headers <code>Api-Appid</code> and <code>Api-Key</code> of requests to this server, and nowhere else.
        {settings.account !== null && ' You are signed in: what the management API offers works without them, too.'}
      </p>
    </form>
  );
}
