import { definePlugin, type HealthNotice, type OptionsInput, type Plugin, type PluginContext } from '@hookwell/core';
import Type, { type Static } from 'typebox';

const options = Type.Object(
  {
    url: Type.String({
      // Whoever knows it can write to the chat, so no message shows it.
      writeOnly: true,
      pattern: '^https?://',
      description: 'Where to tell it: the address of an incoming webhook of Slack, Mattermost, Rocket.Chat or the like.',
    }),
    timeoutMs: Type.Integer({
      default: 5_000,
      minimum: 1,
      maximum: 60_000,
      description: 'How long the chat may take to answer.',
    }),
    maxUnderWay: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000,
      description: 'How many notices may be under way at once; one more is not sent, and reported.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `suspensionNotices`. */
export type SuspensionNoticesOptions = OptionsInput<Static<typeof options>, 'url'>;

/**
 * Tells a chat when a subscription is suspended, with the reason and what happens next. Of its URL the host only, because the
 * rest may hold a password. What goes wrong is reported on `engine.events` as `error`, and holds nothing up.
 *
 * @throws {HookwellError} `invalid_option`, which never shows the URL
 */
export const suspensionNotices: (given: SuspensionNoticesOptions) => Plugin = definePlugin({
  name: 'suspension-notices',
  options,
  setup({ url, timeoutMs, maxUnderWay }) {
    const underWay = new Set<Promise<void>>();
    let context: PluginContext | undefined;

    async function send(notice: HealthNotice): Promise<void> {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ text: textOf(notice) }),
          // Nobody else is to learn the address.
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
      } catch (error) {
        context?.report(
          new Error(
            `suspension-notices: subscription ${notice.subscription.id} is suspended, and the chat was not told: ${reasonOf(error)}`,
          ),
        );
      }
    }

    function onSuspended(notice: HealthNotice): void {
      if (underWay.size >= maxUnderWay) {
        context?.report(
          new Error(
            `suspension-notices: subscription ${notice.subscription.id} is suspended, and the chat was not told: ${underWay.size} notices are under way`,
          ),
        );
        return;
      }
      const sending = send(notice).finally(() => underWay.delete(sending));
      underWay.add(sending);
    }

    return {
      start(started) {
        context = started;
        started.events.on('subscription:suspended', onSuspended);
      },
      async stop() {
        context?.events.off('subscription:suspended', onSuspended);
        await Promise.all(underWay);
      },
    };
  },
});

function textOf({ subscription, reason, next }: HealthNotice): string {
  const { id, accountId, topic, url } = subscription;
  const host = URL.canParse(url) ? new URL(url).host : 'its URL';
  return escapeText(`Subscription ${id} of account ${accountId} (${topic} to ${host}) is suspended: ${reason}. ${next}`);
}

/** So that nothing that a receiver answered can be a link or a mention. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Why a request failed. Messages of `fetch` may have the address in them; its codes do not. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return 'no answer in time';
  if (error.message.startsWith('HTTP ')) return error.message;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'the request failed';
}
