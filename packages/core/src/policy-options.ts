import Type from 'typebox';
import type { AccountId } from './model/account.ts';
import type { AccountRetentions } from './model/retention.ts';
import { defaultScheduleMs } from './model/retry.ts';

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const closed = { additionalProperties: false } as const;

const kept = {
  deliveredMs: { minimum: 0, maximum: 3_650 * day, description: 'How long the log keeps attempts that delivered.' },
  failedMs: { minimum: 0, maximum: 3_650 * day, description: 'How long the log keeps all others.' },
  maxAttemptsPerAccount: { minimum: 0, description: 'Log lines kept for an account, the newest ones.' },
} as const;

/** What `retention.accounts` may say of an account. */
export const AccountRetentionSchema = Type.Object(
  {
    accountId: Type.Unsafe<AccountId>({ description: 'Whose it is: a number or a text.' }),
    deliveredMs: Type.Optional(Type.Integer(kept.deliveredMs)),
    failedMs: Type.Optional(Type.Integer(kept.failedMs)),
    maxAttemptsPerAccount: Type.Optional(Type.Integer(kept.maxAttemptsPerAccount)),
  },
  closed,
);

/** The engine's options that are policies: when to try again, whom to suspend, and what to keep. */
export const policyOptions = {
  retry: Type.Object(
    {
      scheduleMs: Type.Array(Type.Integer({ minimum: 0, maximum: 30 * day }), {
        default: [...defaultScheduleMs],
        maxItems: 100,
        description: 'The wait after the first failure, the second, and so on; after the last one the delivery fails.',
      }),
      jitter: Type.Number({
        default: 0.1,
        minimum: 0,
        maximum: 0.9,
        description: 'How far a wait is stretched or cut at random: 0.1 for ± 10 %.',
      }),
    },
    { ...closed, default: {}, description: 'When a failed delivery is tried again.' },
  ),
  health: Type.Object(
    {
      suspendAfterFailures: Type.Integer({
        default: 10,
        minimum: 1,
        description: 'Failures in a row before a subscription can be suspended …',
      }),
      suspendAfterMs: Type.Integer({
        default: hour,
        minimum: 0,
        maximum: 365 * day,
        description: '… and for how long it must have been failing.',
      }),
      probeEveryMs: Type.Integer({
        default: 15 * 60 * second,
        minimum: 1,
        maximum: 30 * day,
        description: 'How often a suspended subscription is tried with its oldest due delivery.',
      }),
      unsubscribeAfterMs: Type.Integer({
        default: 3 * day,
        minimum: 0,
        maximum: 365 * day,
        description: 'How long it may stay suspended before it is unsubscribed.',
      }),
    },
    { ...closed, default: {}, description: 'When an endpoint with too many errors is suspended, and when unsubscribed.' },
  ),
  held: Type.Object(
    {
      maxPerLane: Type.Integer({
        default: 100_000,
        minimum: 1,
        description:
          'Deliveries kept for a suspended or paused subscription: beyond, those that have been due for longest are cancelled.',
      }),
      maxAgeMs: Type.Integer({
        default: 7 * day,
        minimum: 1,
        maximum: 3_650 * day,
        description: 'How long each is kept after it was due, while its subscription is suspended; a pause has no such end.',
      }),
      pacePerSecond: Type.Integer({
        default: 100,
        minimum: 1,
        maximum: 10_000,
        description:
          'At most how many of them each process sends in a second once the subscription is open again, until it has caught up.',
      }),
    },
    {
      ...closed,
      default: {},
      description: 'What is kept for a subscription while nothing is sent to it, and how fast it flows then.',
    },
  ),
  retention: Type.Object(
    {
      deliveredMs: Type.Integer({ default: 2 * day, ...kept.deliveredMs }),
      failedMs: Type.Integer({ default: 7 * day, ...kept.failedMs }),
      maxAttemptsPerAccount: Type.Integer({ default: 10_000, ...kept.maxAttemptsPerAccount }),
      accounts: Type.Optional(
        Type.Unsafe<AccountRetentions>({
          description:
            'Accounts for which others of these three go, at most 1,000: a list of `{accountId, deliveredMs, failedMs, maxAttemptsPerAccount}`, or a function that answers one, asked before each look. What is left out is as above.',
        }),
      ),
      answersMs: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 3_650 * day,
          description: 'How long the log keeps the bodies of answers; for as long as their lines where it is left out.',
        }),
      ),
      recordsMs: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 3_650 * day,
          description:
            'How long the records of finished events are kept; then only their ids are, and they can no longer be sent again. For as long as their events where it is left out.',
        }),
      ),
      everyMs: Type.Integer({
        default: 60 * second,
        minimum: second,
        maximum: day,
        description:
          'How often old lines are forgotten; ever more rarely, down to a tenth, as long as there is nothing to forget.',
      }),
    },
    { ...closed, default: {}, description: 'How long finished work is kept.' },
  ),
};
