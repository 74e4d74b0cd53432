import type { JSX } from 'preact';
import type { BinJson } from '../../src/bins/bin-shapes.ts';
import { Button } from '../look/button.tsx';
import { Copy } from '../look/copy.tsx';
import { Empty } from '../look/empty.tsx';
import { span } from '../look/format.ts';
import { Notice } from '../look/notice.tsx';
import { Problem } from '../look/problem.tsx';
import { Time } from '../look/time.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { ask } from './api.ts';
import { leaveFor, settings, urlOf } from './settings.ts';

/** The bins of an account. */
export function ListPage(): JSX.Element {
  const { data: bins, error } = useLoaded('', async (signal) => {
    if (!settings.enabled) return undefined;
    return (await ask<{ readonly bins: readonly BinJson[] }>('GET', '', undefined, signal)).bins;
  });
  const make = useAction(async () => {
    const { id } = await ask<BinJson>('POST', '');
    await leaveFor(`bins/${id}`);
  });

  const { perAccount, ageMs } = settings.bounds;
  const newBin = (
    <Button kind="primary" icon="plus" busy={make.busy} onClick={make.run}>
      New bin
    </Button>
  );
  return (
    <>
      <div class="title-row">
        <h1>Request bins</h1>
        {settings.enabled && bins && bins.length > 0 && newBin}
      </div>
      {!settings.enabled && (
        <Notice tone="warn" title="Request bins are switched off here">
          {settings.production
            ? 'This host serves customers, where bins are off unless its operator says otherwise (the option bins.enabled).'
            : 'Its operator has switched them off (the option bins.enabled).'}
        </Notice>
      )}
      {settings.enabled && settings.production && (
        <Notice tone="warn" title="This host serves customers">
          Bins are for trying things out. Do not leave a URL where strangers find it, and delete what you no longer need.
        </Notice>
      )}
      <Problem error={make.error ?? error} />
      {settings.enabled && (
        <p class="muted">
          A bin is a URL that shows what is sent to it, and answers as you choose. You can have {perAccount}; one that nobody uses
          is forgotten after {span(ageMs)}.
        </p>
      )}
      {settings.enabled && !bins && !error && <p class="loading">Loading …</p>}
      {bins?.length === 0 && (
        <div class="card">
          <Empty title="No bins yet" actions={newBin}>
            Make one, subscribe its URL, and see what arrives.
          </Empty>
        </div>
      )}
      {bins && bins.length > 0 && (
        <div class="card table-scroll" tabIndex={0} role="group" aria-label="Bins">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Bin</th>
                <th scope="col">Made</th>
                <th scope="col" class="number">
                  Requests
                </th>
                <th scope="col">Last one</th>
                <th scope="col">Answers</th>
                <th scope="col">URL</th>
              </tr>
            </thead>
            <tbody>
              {bins.map(({ id, createdAt, requests, lastAt, answer }) => (
                <tr key={id}>
                  <td>
                    <a class="mono nowrap" href={`${settings.root}bins/${id}`}>
                      {id.slice(0, 8)}
                    </a>
                  </td>
                  <td class="nowrap">
                    <Time at={createdAt} />
                  </td>
                  <td class="number">{requests}</td>
                  <td class="nowrap">{lastAt === null ? '–' : <Time at={lastAt} />}</td>
                  <td>{answer.status}</td>
                  <td>
                    <Copy text={urlOf(id)} what={`URL of ${id.slice(0, 8)}`} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
