import type { Filter } from '@hookwell/core';
import { Problem } from './problem.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import { FilterPreviewBody, FilterPreviewSchema } from './schemas-filters.ts';
import { isoTime } from './show.ts';
import { namingFilter } from './subscription-filter.ts';

/** What a filter would do. */
export const filterRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'previewFilter',
    tag: 'Subscriptions',
    method: 'POST',
    path: '/manage/filters/preview',
    summary: 'Try a filter',
    description:
      'Says which of the last events of a topic a filter would let through, whether or not anybody got them, and changes nothing.',
    permission: 'subscribe',
    parameters: null,
    query: null,
    body: {
      schema: FilterPreviewBody,
      required: true,
      example: { topic: 'sub_tag(4)', filter: { exists: { 'data.email': true } }, limit: 20 },
    },
    answer: {
      status: 200,
      description: 'The events that it was tried on, the newest first.',
      contentType: 'application/json',
      schema: FilterPreviewSchema,
      example: {
        matched: 1,
        events: [
          { id: '0199b0b4-2f00-7000-8000-000000000003', occurredAt: '2026-01-15T12:00:00.000Z', matches: true },
          { id: '0199b0b4-2f00-7000-8000-000000000000', occurredAt: '2026-01-15T11:00:00.000Z', matches: false },
        ],
      },
    },
    errors: ['invalid_body', 'unsupported_media_type', 'cross_site', 'invalid_topic'],
    async run({ accountId, engine, options, body }) {
      const { topic, filter, limit } = body;
      if (!options.filters) {
        throw new Problem('invalid_body', 'Subscriptions have no filters here. There is none to try.', { part: 'filter' });
      }
      // What is no filter is refused there, with words.
      const input = { accountId, topic, filter: filter as unknown as Filter, limit };
      const { events, matched } = await namingFilter(options.filters.preview(engine, input));
      return { matched, events: events.map(({ id, occurredAt, matches }) => ({ id, occurredAt: isoTime(occurredAt), matches })) };
    },
  }),
];
