import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { BinJson } from '../../src/bins/bin-shapes.ts';
import { Button } from '../look/button.tsx';
import { Copy } from '../look/copy.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Empty } from '../look/empty.tsx';
import { Field } from '../look/field.tsx';
import { count, duration } from '../look/format.ts';
import { Icon } from '../look/icon.tsx';
import { Notice } from '../look/notice.tsx';
import { Problem } from '../look/problem.tsx';
import { Tag } from '../look/tag.tsx';
import { useAction } from '../look/use-action.ts';
import { AnswerForm } from './answer-form.tsx';
import { ask } from './api.ts';
import { RequestList } from './request-list.tsx';
import { RequestView } from './request-view.tsx';
import { leaveFor, settings, urlOf } from './settings.ts';
import { useBin, type Watched } from './use-bin.ts';

/** One bin: its URL, how it answers, and what came, live. */
export function BinPage({ id }: { readonly id: string }): JSX.Element {
  const { live, state } = useBin(id);
  const [chosen, setChosen] = useState<number | null>(null);
  const [open, setOpen] = useState<'answer' | 'delete' | null>(null);
  const [secret, setSecret] = useState('');
  const newest = live?.requests.at(-1)?.number ?? null;
  const shown = live?.requests.some(({ number }) => number === chosen) ? chosen : newest;

  useEffect(() => {
    document.title = `${live && live.requests.length > 0 ? `(${live.requests.length}) ` : ''}Request bin`;
  }, [live?.requests.length]);

  const clear = useAction(async () => ask('DELETE', `/${id}/requests`));

  if (state === 'gone' || (state === 'refused' && !live)) {
    return (
      <Empty
        title={state === 'gone' ? 'This bin is gone' : 'There is no such bin'}
        actions={
          <a class="button button-primary" href={`${settings.root}bins`}>
            All bins
          </a>
        }
      >
        It was deleted, nobody used it for a while, a newer one took its place, or the server was started anew.
      </Empty>
    );
  }
  if (!live) return <p class="loading">Loading …</p>;
  return (
    <>
      <div class="title-row">
        <h1>Request bin</h1>
        <div class="row">
          <LiveTag state={state} />
          <Button icon="cross" busy={clear.busy} onClick={clear.run}>
            Clear
          </Button>
          <Button onClick={() => setOpen('delete')}>Delete bin</Button>
        </div>
      </div>
      <Problem error={clear.error} />
      {state === 'refused' && <Notice tone="bad" title="The page no longer hears what arrives. Reload it." told />}
      <Address id={id} />
      <div class="bin-cards">
        <section class="card card-body stack" aria-labelledby="answers">
          <div class="title-row">
            <h2 id="answers">It answers</h2>
            <Button small onClick={() => setOpen('answer')}>
              Change answer
            </Button>
          </div>
          <AnswerWords bin={live.bin} />
        </section>
        <section class="card card-body" aria-label="Secret">
          <Field label="Signing secret" hint="To check signatures with. It stays in this page and is forgotten with it.">
            {(control) => (
              <input
                {...control}
                class="input mono"
                type="password"
                autocomplete="off"
                spellcheck={false}
                placeholder="whsec_…"
                value={secret}
                onInput={({ currentTarget }) => setSecret(currentTarget.value)}
              />
            )}
          </Field>
        </section>
      </div>
      {shown === null ? (
        <div class="card">
          <Empty title="Nothing has arrived yet">Send something to the URL above: it appears here at once.</Empty>
        </div>
      ) : (
        <div class="bin-requests">
          <section class="card" aria-label="Requests">
            <p class="card-head small muted">
              {count(live.requests.length, 'request')}
              {live.requests.length === settings.bounds.requestsPerBin && ', older ones were dropped'}
            </p>
            <RequestList requests={live.requests} chosen={shown} onChoose={setChosen} />
          </section>
          <section class="card card-body" aria-label="Chosen request">
            <RequestView key={shown} bin={id} number={shown} secret={secret} />
          </section>
        </div>
      )}
      {open === 'answer' && (
        <Dialog title="How this bin answers" onClose={() => setOpen(null)}>
          <AnswerForm bin={live.bin} onSaved={() => setOpen(null)} />
        </Dialog>
      )}
      {open === 'delete' && <DeleteDialog id={id} onClose={() => setOpen(null)} />}
    </>
  );
}

function LiveTag({ state }: Pick<Watched, 'state'>): JSX.Element {
  return state === 'live' ? (
    <Tag tone="good" icon="play">
      Live
    </Tag>
  ) : (
    <Tag tone="warn" icon="clock">
      Connecting
    </Tag>
  );
}

function Address({ id }: { readonly id: string }): JSX.Element {
  const url = urlOf(id);
  const curl = `curl -X POST '${url}' -d 'hello=world'`;
  return (
    <section class="card card-body stack" aria-label="Where to send">
      <Field label="URL of this bin" hint="Takes any method, and any path behind it. Whoever knows it can send.">
        {(control) => (
          <div class="with-button">
            <input {...control} class="input mono" readOnly value={url} onFocus={({ currentTarget }) => currentTarget.select()} />
            <Copy text={url} what="URL" />
          </div>
        )}
      </Field>
      <div class="with-button">
        <code class="curl">{curl}</code>
        <Copy text={curl} what="curl line" />
      </div>
    </section>
  );
}

function AnswerWords({ bin: { answer, answeredSince } }: { readonly bin: BinJson }): JSX.Element {
  const { status, times, delayMs, headers, body } = answer;
  const left = times === null ? null : Math.max(0, times - answeredSince);
  return (
    <div>
      <p>
        {left === 0 ? (
          <>
            <strong>200</strong>, after {count(times ?? 0, 'answer')} with {status}
          </>
        ) : (
          <>
            <strong>{status}</strong>
            {delayMs > 0 && ` after ${duration(delayMs)}`}
            {left === null ? ', to every request' : `: the next ${count(left, 'request')}, then 200`}
          </>
        )}
      </p>
      {headers && <p class="small muted mono">{headers.replaceAll('\n', ' · ')}</p>}
      {body && <p class="small muted mono cut">{body}</p>}
    </div>
  );
}

function DeleteDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  const remove = useAction(async () => {
    await ask('DELETE', `/${id}`);
    await leaveFor('bins');
  });
  return (
    <Dialog title="Delete this bin?" onClose={onClose}>
      <div class="stack">
        <p>What it holds is lost, and whatever is sent to its URL from now on is answered 404.</p>
        <Problem error={remove.error} />
        <div class="row">
          <Button kind="danger" busy={remove.busy} onClick={remove.run}>
            Delete bin
          </Button>
          <Button autofocus onClick={onClose}>
            Keep it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** The way back to all bins. */
export function BackLink(): JSX.Element {
  return (
    <a class="back" href={`${settings.root}bins`}>
      <Icon name="back" size={14} />
      All bins
    </a>
  );
}
