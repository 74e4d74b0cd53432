import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SignatureFinding, WholeArrivalJson } from '../../src/bins/bin-shapes.ts';
import { bytes, duration } from '../look/format.ts';
import { Notice } from '../look/notice.tsx';
import { Pairs } from '../look/pairs.tsx';
import { Problem } from '../look/problem.tsx';
import { Tabs } from '../look/tabs.tsx';
import { Tag } from '../look/tag.tsx';
import { Time } from '../look/time.tsx';
import { useLoaded } from '../look/use-loaded.ts';
import { ask } from './api.ts';
import { checkSignature } from './check-signature.ts';
import { Finding } from './finding.tsx';
import { RawBody, RequestBody } from './request-body.tsx';
import { apiPath } from './settings.ts';

interface RequestViewProps {
  readonly bin: string;
  readonly number: number;
  /** What to check its signature with; empty for what the server found. */
  readonly secret: string;
}

/** One request with all that is kept of it. */
export function RequestView({ bin, number, secret }: RequestViewProps): JSX.Element {
  const path = `/${bin}/requests/${number}`;
  const { data: request, error } = useLoaded(path, async (signal) => ask<WholeArrivalJson>('GET', path, undefined, signal));
  const [finding, setFinding] = useState<SignatureFinding | null>(null);

  useEffect(() => {
    let current = true;
    setFinding(request?.signature ?? null);
    if (!request || secret.trim() === '') return;
    void checkSignature(request, secret).then((found) => current && setFinding(found));
    return () => {
      current = false;
    };
  }, [request, secret]);

  if (error) return <Problem error={error} />;
  if (!request) return <p class="loading">Loading …</p>;
  return (
    <article class="stack" aria-label={`Request ${number}`}>
      <h2 class="request-title mono">
        {request.method} {request.path || '/'}
        {request.query && `?${request.query}`}
      </h2>
      <div class="row">
        {finding && <Finding finding={finding} />}
        {request.attempt > 1 && <Tag tone="warn">Attempt {request.attempt} of the same webhook</Tag>}
        {finding?.reason && <span class="small muted">{finding.reason}</span>}
      </div>
      <dl class="facts">
        <dt>Came</dt>
        <dd>
          <Time at={request.at} as="full" />
        </dd>
        <dt>Size</dt>
        <dd>{request.size === null ? 'not known' : bytes(request.size)}</dd>
        <dt>Answered</dt>
        <dd>
          {request.answered.status}
          {request.answered.delayMs > 0 && ` after ${duration(request.answered.delayMs)}`}
        </dd>
        {request.webhookId !== null && (
          <>
            <dt>Webhook</dt>
            <dd class="mono">{request.webhookId}</dd>
          </>
        )}
      </dl>
      {request.notes.length > 0 && <Notice tone="warn">{request.notes.join(' ')}</Notice>}
      <Tabs
        label="Parts of the request"
        tabs={[
          { name: 'Body', view: () => <RequestBody request={request} /> },
          { name: 'Headers', view: () => <Headers request={request} /> },
          { name: 'Raw', view: () => <RawBody request={request} download={apiPath(`${path}/body`)} /> },
        ]}
      />
    </article>
  );
}

function Headers({ request: { headers } }: { readonly request: WholeArrivalJson }): JSX.Element {
  return <Pairs label="Headers" columns={['Name', 'Value']} pairs={headers.map(([name, value]) => ({ name, value }))} />;
}
