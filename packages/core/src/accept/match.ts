import { HookwellError, messageOf } from '../errors.ts';
import type { StoredEvent, TopicKey } from '../model/event.ts';
import type { Subscription } from '../model/subscription.ts';
import { answeredInTime, type Plugin } from '../plugin.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** An event with the subscriptions that get it. */
export interface Match {
  readonly event: StoredEvent;
  readonly subscriptions: readonly Subscription[];
  /** What a plugin threw when it was asked about this event, which is then refused; null otherwise. */
  readonly refusal: Error | null;
}

/** What `match` works with. */
export interface MatchContext {
  readonly storage: Pick<StorageAdapter, 'findSubscriptions'>;
  readonly plugins: readonly Pick<Plugin, 'name' | 'match'>[];
  /** How long a hook may take, so that one that hangs holds up nobody for longer. */
  readonly hookTimeoutMs: number;
}

/** Finds who gets each event of a group: one question to the storage for the whole group, then the plugins. */
export async function match(events: readonly StoredEvent[], context: MatchContext): Promise<readonly Match[]> {
  const keys = new Map<string, TopicKey>();
  for (const { accountId, topic } of events) keys.set(keyOf(accountId, topic), { accountId, topic });
  const byKey = new Map<string, Subscription[]>();
  for (const subscription of await context.storage.findSubscriptions([...keys.values()])) {
    const key = keyOf(subscription.accountId, subscription.topic);
    const found = byKey.get(key);
    if (found) found.push(subscription);
    else byKey.set(key, [subscription]);
  }
  const filters = context.plugins.filter((plugin) => plugin.match !== undefined);
  const matches: Match[] = [];
  for (const event of events) {
    const found = byKey.get(keyOf(event.accountId, event.topic)) ?? [];
    matches.push(
      filters.length === 0
        ? { event, subscriptions: found, refusal: null }
        : await filter(event, found, filters, context.hookTimeoutMs),
    );
  }
  return matches;
}

async function filter(
  event: StoredEvent,
  found: readonly Subscription[],
  filters: readonly Pick<Plugin, 'name' | 'match'>[],
  hookTimeoutMs: number,
): Promise<Match> {
  let subscriptions = found;
  try {
    for (const plugin of filters) {
      if (subscriptions.length === 0 || !plugin.match) continue;
      const answer = await answeredInTime(plugin, 'match', plugin.match(event, subscriptions), hookTimeoutMs);
      checkAnswer(plugin.name, answer, subscriptions);
      subscriptions = answer;
    }
    return { event, subscriptions, refusal: null };
  } catch (error) {
    return { event, subscriptions: [], refusal: error instanceof Error ? error : new Error(messageOf(error)) };
  }
}

/** @throws {HookwellError} `plugin_failed` for what are not some of the given subscriptions, each once */
function checkAnswer(plugin: string, answer: unknown, given: readonly Subscription[]): void {
  if (answer === given) return;
  const known = new Set<unknown>(given);
  if (Array.isArray(answer) && answer.every((one) => known.delete(one))) return;
  throw new HookwellError(
    'plugin_failed',
    `The match hook of the plugin "${plugin}" answered something else than a list of some of the subscriptions that it was given, each once; answer subscriptions.filter(…).`,
  );
}

/** A topic has no line break, so the two parts cannot run into each other. */
function keyOf(accountId: string, topic: string): string {
  return `${topic}\n${accountId}`;
}
