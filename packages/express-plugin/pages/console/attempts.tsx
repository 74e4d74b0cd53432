import type { JSX } from 'preact';
import type { AttemptDetailsJson } from '../../src/manage/schemas.ts';
import { bytes, duration } from '../look/format.ts';
import { Icon } from '../look/icon.tsx';
import { Code, Json } from '../look/json.tsx';
import { prettyJson } from '../look/json-tokens.ts';
import { Pairs } from '../look/pairs.tsx';
import { Time } from '../look/time.tsx';
import { explain, isProbe } from './explain.ts';
import { StatusTag } from './state-tag.tsx';
import { sentence } from './words.ts';

/** Every attempt to send a delivery, the newest first and open. */
export function Attempts({ attempts }: { readonly attempts: readonly AttemptDetailsJson[] }): JSX.Element {
  return (
    <section class="card" aria-labelledby="attempts">
      <div class="card-head">
        <h2 id="attempts">{attempts.length === 1 ? 'One attempt' : `${attempts.length} attempts`}</h2>
      </div>
      {attempts.length === 0 ? (
        <p class="card-body muted">Nobody has tried to send it yet.</p>
      ) : (
        <ol class="attempts" reversed>
          {attempts.map((attempt, index) => (
            <li key={attempt.id}>
              <Attempt attempt={attempt} open={index === 0} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Attempt({ attempt, open }: { readonly attempt: AttemptDetailsJson; readonly open: boolean }): JSX.Element {
  const { number, outcome, reason, startedAt, durationMs, nextAttemptAt, headers, answer } = attempt;
  const { what, advice } = explain(attempt);
  return (
    <details class="attempt" open={open}>
      <summary>
        <Icon name="next" size={12} />
        <StatusTag status={outcome} />
        <span class="attempt-what">{what}</span>
        <span class="small muted nowrap">
          <Time at={Date.parse(startedAt)} as="short" />
          {number > 0 && ` · ${duration(durationMs)}`}
        </span>
      </summary>
      <div class="attempt-body">
        <p>
          {number > 0 ? `Attempt ${number}` : 'Ended without an attempt'}, <Time at={Date.parse(startedAt)} as="full" />
          {number > 0 && `, took ${duration(durationMs)}`}.{' '}
          {isProbe(attempt) && 'It was a trial while the subscription is suspended. '}
          {advice}
        </p>
        {reason !== '' && (
          <p class="muted">
            In the log’s own words: {sentence(reason)}
            {nextAttemptAt !== null && Date.parse(nextAttemptAt) > Date.now() && (
              <>
                {' '}
                Due again <Time at={Date.parse(nextAttemptAt)} as="full" />.
              </>
            )}
          </p>
        )}
        {number > 0 && (
          <div class="stack">
            <h3>
              Answer
              {answer !== '' && (
                <span class="muted small"> · {bytes(new TextEncoder().encode(answer).length)} kept, at most 4 kB</span>
              )}
            </h3>
            {answer === '' ? <p class="muted">Nothing was in it.</p> : <Answer text={answer} />}
          </div>
        )}
        {headers.length > 0 && (
          <details>
            <summary>Headers of the request</summary>
            <Pairs label="Headers of the request" pairs={headers} />
          </details>
        )}
      </div>
    </details>
  );
}

/** What a receiver answered: text, whatever it says it is. */
function Answer({ text }: { readonly text: string }): JSX.Element {
  const pretty = /^\s*[[{]/.test(text) ? prettyJson(text) : null;
  return pretty === null ? (
    <Code text={text} label="The beginning of the answer" />
  ) : (
    <Json text={pretty} label="The beginning of the answer" />
  );
}
