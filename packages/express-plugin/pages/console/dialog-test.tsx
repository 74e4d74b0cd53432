import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SubscriptionJson, TestResultJson } from '../../src/manage/schemas.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { duration } from '../look/format.ts';
import { Code } from '../look/json.tsx';
import { Notice } from '../look/notice.tsx';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { send } from './api.ts';
import { explain } from './explain.ts';
import { changed } from './live.ts';
import { hashOf } from './route.ts';

interface DialogProps {
  readonly subscription: SubscriptionJson;
  readonly onClose: () => void;
}

/** Sends a test event as it opens, and shows what came of it. */
export function TestDialog({ subscription, onClose }: DialogProps): JSX.Element {
  const { id, url, health } = subscription;
  const [result, setResult] = useState<TestResultJson>();
  const test = useAction(async () => {
    setResult(undefined);
    setResult(await send<TestResultJson>('POST', `subscriptions/${id}/test`));
    changed();
  });
  // eslint-disable-next-line react/exhaustive-deps
  useEffect(test.run, []);

  return (
    <Dialog title="Test event" onClose={onClose}>
      <p>
        A made-up record is sent to <code>{url}</code>, once and right now.
        {health !== 'healthy' && ' It is sent although nothing else is at the moment.'}
      </p>
      <div role="status">
        {test.busy && <p class="loading">Sending, and waiting for the answer…</p>}
        {result && <Result result={result} />}
      </div>
      <Problem error={test.error} />
      <div class="dialog-actions">
        {result && (
          <a class="button" href={hashOf({ page: 'delivery', id: result.deliveryId })} onClick={onClose}>
            See the delivery
          </a>
        )}
        <Button icon="again" busy={test.busy} onClick={test.run}>
          Send another
        </Button>
        <Button kind="primary" onClick={onClose} autofocus>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

function Result({ result }: { readonly result: TestResultJson }): JSX.Element {
  const { outcome, durationMs, answer } = result;
  const { what, advice } = explain(result);
  const good = outcome === 'delivered';
  return (
    <div class="stack">
      <Notice tone={good ? 'good' : 'bad'} title={good ? 'It arrived' : 'It did not arrive'}>
        {what} That took {duration(durationMs)}. {advice}
      </Notice>
      {answer !== '' && (
        <div class="stack">
          <h3>The answer</h3>
          <Code text={answer} label="The beginning of the answer" />
        </div>
      )}
    </div>
  );
}
