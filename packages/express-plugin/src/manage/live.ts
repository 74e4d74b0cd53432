import { openEventStream } from '../event-stream.ts';
import { maxListeners } from './live-hub.ts';
import { Problem } from './problem.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import { ChangeSchema } from './schemas-stats.ts';

/** `manage/live`: tells pages that they should look again. */
export const liveRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'listen',
    tag: 'Live',
    method: 'GET',
    path: '/manage/live',
    summary: 'Be told of changes',
    description: `Server-sent events: \`change\` whenever something of the account has changed, with ids and no content, gathered over a quarter of a second; what other processes do is told within some seconds. At most ${maxListeners.account} listeners for an account. The connection ends after a quarter of an hour, and clients come again.`,
    permission: 'read',
    parameters: null,
    query: null,
    body: null,
    answer: {
      status: 200,
      description: 'A stream of events. The data of each is JSON.',
      contentType: 'text/event-stream',
      schema: ChangeSchema,
      example: { subscriptions: [3], deliveries: ['0199b0b4-2f00-7000-8000-000000000001'], more: false },
    },
    errors: ['cross_site', 'too_many_listeners'],
    async run({ accountId, live, headers }, request, response) {
      const remove = live.add(accountId, {
        onChange: (change) => stream.send('change', change),
        onEnd: () => stream.end(),
      });
      if (!remove) {
        throw new Problem(
          'too_many_listeners',
          `At most ${maxListeners.account} listeners are taken for an account. Close one first.`,
          {
            headers: { 'Retry-After': '30' },
          },
        );
      }
      const stream = openEventStream(request, response, {
        headers,
        retryMs: 3_000,
        maxMs: 15 * 60_000,
        maxUnreadBytes: 65_536,
        onClose: remove,
      });
      return undefined;
    },
  }),
];
