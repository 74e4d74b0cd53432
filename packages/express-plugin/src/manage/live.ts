import { maxListeners } from './live-hub.ts';
import { Problem } from './problem.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import { ChangeSchema } from './schemas-stats.ts';

/** How many heartbeats a connection lives: then the client comes again, and is asked anew who it is. */
const maxBeats = 45;

/** Bytes that a client may leave unread before it is let go. */
const maxUnread = 65_536;

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
    async run({ accountId, live, headers }, _request, response) {
      let beats = 0;
      const write = (text: string): void => {
        // It may be on its way out: "close" comes a turn later.
        if (response.destroyed || response.writableEnded) return;
        if (response.writableLength > maxUnread) response.destroy();
        else response.write(text);
      };
      const remove = live.add(accountId, {
        onChange: (change) => write(`event: change\ndata: ${JSON.stringify(change)}\n\n`),
        onBeat() {
          beats += 1;
          if (beats < maxBeats) write(': still here\n\n');
          else response.end();
        },
        onEnd: () => response.end(),
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
      response.once('close', remove);
      if (response.destroyed) {
        remove();
        return undefined;
      }
      response.writeHead(200, {
        ...headers,
        'Content-Type': 'text/event-stream',
        // Proxies and compressing middleware would hold back what is to be told now.
        'Cache-Control': 'no-store, no-transform',
        'X-Accel-Buffering': 'no',
        'X-Content-Type-Options': 'nosniff',
      });
      response.write('retry: 3000\n: connected\n\n');
      return undefined;
    },
  }),
];
