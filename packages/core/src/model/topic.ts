import { HookwellError } from '../errors.ts';
import type { Catalog, EventType } from './catalog.ts';
import { shown } from './shown.ts';
import { listed, suggestion } from './suggestion.ts';

/**
 * An event's name with its target, as subscriptions and `emit` write it: `sub_tag(3)`.
 * `Topic<'sub_tag' | 'unsub_tag'>` accepts those two names only.
 */
export type Topic<EventName extends string = string> = `${EventName}(${number | bigint})`;

/** A topic taken apart. */
export interface ParsedTopic {
  /** The topic itself, e.g. `sub_tag(3)`. */
  readonly topic: string;
  readonly eventType: EventType;
  /** The number in brackets: a tag id, a form id, an object type id. */
  readonly target: number;
}

const syntax = /^([a-z][a-z0-9_]{0,63})\((0|[1-9][0-9]{0,15})\)$/;

/**
 * Takes a topic apart and looks its event up in the catalog. `0` is a number like any other, not a wildcard.
 *
 * @throws {HookwellError} `invalid_topic` when it is not written `name(digits)` (digits: an integer from 0 to
 * 2^53 - 1, without leading zeros); `unknown_event` when the catalog has no such event, with the list of known ones.
 */
export function parseTopic(topic: string, catalog: Catalog): ParsedTopic {
  const parts = typeof topic === 'string' ? syntax.exec(topic) : null;
  if (!parts) {
    const known = [...catalog.events.keys()];
    throw new HookwellError(
      'invalid_topic',
      `Invalid event ${shown(topic)}: write name(number), for example "${known[0] ?? 'sub_tag'}(3)", with one of ${listed(known)}.`,
      { value: topic },
    );
  }
  const name = parts[1] as string;
  const target = Number(parts[2]);
  const eventType = catalog.events.get(name);
  if (!eventType) {
    const known = [...catalog.events.keys()];
    throw new HookwellError(
      'unknown_event',
      `Unknown event "${name}"${suggestion(name, known)} Known events: ${listed(known)}.`,
      {
        value: topic,
      },
    );
  }
  if (!Number.isSafeInteger(target)) {
    throw new HookwellError('invalid_topic', `Invalid event "${topic}": its number must be at most ${Number.MAX_SAFE_INTEGER}.`, {
      value: topic,
    });
  }
  return { topic, eventType, target };
}
