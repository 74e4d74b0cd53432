import { HookwellError, type Condition, type Replay, type ReplayField, type ReplayInput } from '@hookwell/core';
import { equal, listPage } from './list-page.ts';
import { Problem } from './problem.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import {
  ListReplaysQuery,
  NewReplayBody,
  ReplayFilterBody,
  ReplayPageSchema,
  ReplayPath,
  ReplayPreviewSchema,
  ReplaySchema,
  type ReplayFilterJson,
  type ReplayJson,
  type ReplayPreviewJson,
} from './schemas-replays.ts';
import { isoTime } from './show.ts';

const tag = 'Replays';
const changing = ['invalid_body', 'unsupported_media_type', 'cross_site'] as const;
const filterExample = {
  subscriptionId: 3,
  objectTypeId: 0,
  recordId: 8,
  outcomes: ['failed' as const],
  from: '2026-01-15T10:00:00Z',
};

const replayExample: ReplayJson = {
  id: '0199b0b4-2f00-7000-8000-000000000002',
  state: 'running',
  reason: '',
  filter: {
    subscriptionId: 3,
    topic: null,
    objectTypeId: 0,
    recordId: '8',
    from: '2026-01-15T10:00:00.000Z',
    until: null,
    outcomes: ['failed'],
    missing: false,
  },
  pacePerSecond: 50,
  createdAt: '2026-01-15T12:00:00.000Z',
  endedAt: null,
  looking: true,
  matched: 1_200,
  queued: 1_200,
  waiting: 12,
  delivered: 1_187,
  failed: 1,
  cancelled: 0,
};

const previewExample: ReplayPreviewJson = {
  count: 4_200,
  complete: true,
  examples: [
    {
      deliveryId: '0199b0b4-2f00-7000-8000-000000000001',
      subscriptionId: 3,
      eventId: '0199b0b4-2f00-7000-8000-000000000000',
      topic: 'sub_tag(4)',
    },
  ],
};

/** An answer that is a replay. */
const replay = <Status extends 200 | 201>(status: Status, description: string) =>
  ({ status, description, contentType: 'application/json', schema: ReplaySchema, example: replayExample }) as const;

/** Everything below `manage/replays`. */
export const replayRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'listReplays',
    tag,
    method: 'GET',
    path: '/manage/replays',
    summary: 'List replays',
    description: 'Those that run and those that ended, the newest first, as long as they are kept.',
    permission: 'read',
    parameters: null,
    query: ListReplaysQuery,
    body: null,
    answer: {
      status: 200,
      description: 'A page of replays.',
      contentType: 'application/json',
      schema: ReplayPageSchema,
      example: { rows: [replayExample], next: null, remaining: 1 },
    },
    errors: ['invalid_parameter', 'invalid_cursor'],
    async run({ accountId, engine, query }) {
      const { state } = query;
      const where: Condition<ReplayField>[] = state ? [{ kind: 'or', of: state.map((one) => equal('state', one)) }] : [];
      return listPage(query, {
        name: 'replays',
        accountId,
        ids: 'string',
        direction: 'desc',
        where,
        list: async (asked) => engine.replays.list(accountId, asked),
        show: showReplay,
      });
    },
  }),

  defineRoute({
    id: 'createReplay',
    tag,
    method: 'POST',
    path: '/manage/replays',
    summary: 'Send many deliveries again',
    description: 'Makes a job that sends finished deliveries again, under their old ids, or what was never sent.',
    permission: 'subscribe',
    parameters: null,
    query: null,
    body: { schema: NewReplayBody, required: true, example: { ...filterExample, pacePerSecond: 20 } },
    answer: replay(201, 'The replay, which runs.'),
    errors: [...changing, 'wrong_state'],
    async run({ accountId, engine, body }) {
      const { pacePerSecond, ...filter } = body;
      return showReplay(await answerTo(engine.replays.create(accountId, inputOf(filter), { pacePerSecond })));
    },
  }),

  // Before those with an id, which could be that word.
  defineRoute({
    id: 'previewReplay',
    tag,
    method: 'POST',
    path: '/manage/replays/preview',
    summary: 'Count what a replay would send',
    description: 'Counts, names a few, and sends nothing.',
    permission: 'subscribe',
    parameters: null,
    query: null,
    body: { schema: ReplayFilterBody, required: true, example: filterExample },
    answer: {
      status: 200,
      description: 'How many, and the first few.',
      contentType: 'application/json',
      schema: ReplayPreviewSchema,
      example: previewExample,
    },
    errors: changing,
    async run({ accountId, engine, body }) {
      const { count, complete, examples } = await answerTo(engine.replays.preview(accountId, inputOf(body)));
      return { count, complete, examples: [...examples] };
    },
  }),

  defineRoute({
    id: 'getReplay',
    tag,
    method: 'GET',
    path: '/manage/replays/{id}',
    summary: 'See how far a replay is',
    description: 'Its state, and how many deliveries it has come to.',
    permission: 'read',
    parameters: ReplayPath,
    query: null,
    body: null,
    answer: replay(200, 'The replay.'),
    errors: ['not_found'],
    run: async ({ accountId, engine, path }) => showReplay(await engine.replays.get(accountId, path.id)),
  }),

  defineRoute({
    id: 'cancelReplay',
    tag,
    method: 'DELETE',
    path: '/manage/replays/{id}',
    summary: 'Cancel a replay',
    description: 'Ends one that runs. What it has made due already is still sent.',
    permission: 'subscribe',
    parameters: ReplayPath,
    query: null,
    body: null,
    answer: replay(200, 'The replay as it ended.'),
    errors: ['cross_site', 'not_found', 'wrong_state'],
    run: async ({ accountId, engine, path }) => showReplay(await engine.replays.cancel(accountId, path.id)),
  }),
];

function inputOf({ objectTypeId, from, until, ...same }: ReplayFilterJson): ReplayInput {
  if (same.outcomes?.length === 0 && same.missing !== true) {
    throw new Problem(
      'invalid_body',
      '"outcomes" is an empty list, which nothing fits; name some, or ask for what is missing with "missing": true.',
      {
        part: 'outcomes',
      },
    );
  }
  const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
  return { ...same, objectType: objectTypeId, from: time(from), until: time(until) };
}

/** What is wrong with a filter is wrong with the body, a subscription that is not there as well. */
async function answerTo<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (HookwellError.is(error, 'not_found')) throw new Problem('invalid_body', error.message, { part: 'subscriptionId' });
    if (HookwellError.is(error, 'unknown_object_type')) {
      throw new Problem('invalid_body', error.message, { part: 'objectTypeId' });
    }
    throw error;
  }
}

function showReplay(row: Replay): ReplayJson {
  const { id, state, reason, filter, pacePerSecond, createdAt, endedAt } = row;
  const { matched, queued, waiting, delivered, failed, cancelled } = row;
  const { subscriptionId, topic, record, from, until, outcomes, missing } = filter;
  return {
    id,
    state,
    reason,
    filter: {
      subscriptionId,
      topic,
      objectTypeId: record?.objectType ?? null,
      recordId: record?.id ?? null,
      from: isoTime(from),
      until: until === null ? null : isoTime(until),
      outcomes: [...outcomes],
      missing,
    },
    pacePerSecond,
    createdAt: isoTime(createdAt),
    endedAt: endedAt === null ? null : isoTime(endedAt),
    looking: state === 'running' && row.looksAt !== 'nothing',
    matched,
    queued,
    waiting,
    delivered,
    failed,
    cancelled,
  };
}
