import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ReplayJson, ReplayPreviewJson } from '../../src/manage/schemas-replays.ts';
import { announce } from '../look/announce.ts';
import { Button } from '../look/button.tsx';
import { Dialog } from '../look/dialog.tsx';
import { Field } from '../look/field.tsx';
import { count } from '../look/format.ts';
import { Problem } from '../look/problem.tsx';
import { useAction } from '../look/use-action.ts';
import { useLoaded } from '../look/use-loaded.ts';
import { send } from './api.ts';
import { changed } from './live.ts';
import { useNames } from './names.ts';
import { asksForSomething, isInOrder, replayFilter, replayOutcomes, replayTimes, type ReplayChoice } from './replay-query.ts';
import { shortUrl, statusLabels } from './words.ts';

interface DialogProps {
  /** The subscription that it is about at first; null for all. */
  readonly subscriptionId: number | null;
  readonly onClose: () => void;
  /** Is called once one was begun. */
  readonly onBegun: () => void;
}

const times = {
  any: 'Any time',
  '1h': 'The last hour',
  '24h': 'The last 24 hours',
  '7d': 'The last 7 days',
  between: 'Between …',
} as const;

/** Asks what is to be sent again, counts it as one chooses, and begins. */
export function ReplayDialog({ subscriptionId, onClose, onBegun }: DialogProps): JSX.Element {
  const names = useNames();
  const [openedAt] = useState(() => Date.now());
  const [choice, setChoice] = useState<ReplayChoice>({
    subscriptionId,
    outcomes: ['failed'],
    missing: false,
    time: '24h',
    from: '',
    until: '',
  });
  const change = (part: Partial<ReplayChoice>): void => setChoice((before) => ({ ...before, ...part }));
  const filter = replayFilter(choice, openedAt);
  const wrong = !asksForSomething(choice)
    ? 'Choose at least one of them.'
    : isInOrder(choice)
      ? null
      : 'It must end after it begins.';
  const preview = useLoaded(JSON.stringify([filter, wrong]), async () =>
    wrong === null ? send<ReplayPreviewJson>('POST', 'replays/preview', filter) : null,
  );
  const begin = useAction(async () => {
    const { matched } = await send<ReplayJson>('POST', 'replays', filter);
    announce(`It has begun${matched > 0 ? `, with ${count(matched, 'delivery', 'deliveries')}` : ''}.`);
    onClose();
    changed();
    onBegun();
  });
  const found = preview.data;

  return (
    <Dialog title="Send again" onClose={onClose}>
      <p>What is sent again has its old number, so that your program can tell. Live events go first.</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (found && found.count > 0) begin.run();
        }}
      >
        <Field label="Subscription">
          {(control) => (
            <select
              {...control}
              autofocus
              value={choice.subscriptionId ?? ''}
              onChange={({ currentTarget: { value } }) => change({ subscriptionId: value === '' ? null : Number(value) })}
            >
              <option value="">All of them</option>
              {choice.subscriptionId !== null && !names.has(choice.subscriptionId) && (
                <option value={choice.subscriptionId}>Subscription {choice.subscriptionId}</option>
              )}
              {[...names.values()]
                .filter(({ health }) => health !== 'unsubscribed')
                .map(({ id, topic, url }) => (
                  <option key={id} value={id}>
                    {`${id} · ${topic} → ${shortUrl(url).slice(0, 50)}`}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Field label="When" hint="When it was tried last; for what was never sent, when it happened.">
          {(control) => (
            <select
              {...control}
              value={choice.time}
              onChange={({ currentTarget: { value } }) => {
                change({ time: replayTimes.find((known) => known === value) ?? 'any', from: '', until: '' });
              }}
            >
              {replayTimes.map((time) => (
                <option key={time} value={time}>
                  {times[time]}
                </option>
              ))}
            </select>
          )}
        </Field>
        {choice.time === 'between' && (
          <div class="replay-between">
            {(['from', 'until'] as const).map((edge) => (
              <Field key={edge} label={edge === 'from' ? 'From' : 'Until'} error={undefined}>
                {(control) => (
                  <input
                    {...control}
                    type="datetime-local"
                    value={choice[edge]}
                    onChange={(event) => change({ [edge]: event.currentTarget.value })}
                  />
                )}
              </Field>
            ))}
          </div>
        )}
        <fieldset class="choices">
          <legend class="field-label">What became of it</legend>
          {replayOutcomes.map((outcome) => (
            <label key={outcome} class="choice">
              <input
                type="checkbox"
                checked={choice.outcomes.includes(outcome)}
                onChange={({ currentTarget: { checked } }) =>
                  change({
                    outcomes: replayOutcomes.filter((one) => (one === outcome ? checked : choice.outcomes.includes(one))),
                  })
                }
              />
              {statusLabels[outcome].text}
            </label>
          ))}
          <label class="choice">
            <input
              type="checkbox"
              checked={choice.missing}
              onChange={({ currentTarget: { checked } }) => change({ missing: checked })}
            />
            Never sent
          </label>
        </fieldset>
        <p role="status" class="replay-count">
          {wrong ?? (found ? countWords(found) : preview.error ? '' : 'Counting…')}
        </p>
        {begin.error ? <Problem error={begin.error} /> : <Problem error={preview.error} onRetry={preview.reload} />}
        <div class="dialog-actions">
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" icon="again" type="submit" busy={begin.busy} disabled={!found || found.count === 0}>
            {found && found.count > 0 ? `Send ${found.count.toLocaleString('en')} again` : 'Send again'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function countWords({ count: found, complete }: ReplayPreviewJson): string {
  if (found === 0) return complete ? 'Nothing fits, so nothing would be sent.' : 'Nothing fits so far; there may be more.';
  const what = count(found, 'delivery fits', 'deliveries fit');
  return complete ? `${what}.` : `At least ${what}.`;
}
