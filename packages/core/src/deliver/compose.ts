import type { Catalog, EventType, ObjectType } from '../model/catalog.ts';
import { findObjectType } from '../model/crm-record.ts';
import { encodeForm, encodeJson, type EncodedPayload } from '../model/encoding.ts';
import type { StoredEvent } from '../model/event.ts';
import { formatPayload, type Payload } from '../model/format.ts';
import type { Encoding, Subscription } from '../model/subscription.ts';
import { parseTopic } from '../model/topic.ts';
import { answeredAtOnce, type ComposedBody, type Plugin } from '../plugin.ts';

/** What `compose` works with. */
export interface ComposeStageContext {
  readonly catalog: Catalog;
  readonly plugins: readonly Pick<Plugin, 'name' | 'compose'>[];
  /** What was composed for the events that are in memory, by encoding and format; one for each engine. */
  readonly composed: WeakMap<StoredEvent, Map<string, EncodedPayload>>;
}

/** A request's body and what it is. */
export interface Composed {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Builds the body that a subscription gets for an event. The same event, format and encoding are composed once, however
 * many subscriptions share them.
 */
export function compose(
  event: StoredEvent,
  subscription: Pick<Subscription, 'id' | 'format' | 'encoding'>,
  context: ComposeStageContext,
): Composed {
  const { format, encoding } = subscription;
  let forms = context.composed.get(event);
  if (!forms) {
    forms = new Map();
    context.composed.set(event, forms);
  }
  const key = `${encoding} ${format}`;
  let payload = forms.get(key);
  if (!payload) {
    payload = encode(event, format, encoding, context);
    forms.set(key, payload);
  }
  return { contentType: payload.contentType, body: payload.bodyFor(subscription.id) };
}

function encode(
  event: StoredEvent,
  format: string,
  encoding: Encoding,
  { catalog, plugins }: ComposeStageContext,
): EncodedPayload {
  const { eventType, target } = parseTopic(event.topic, catalog);
  const objectType = findObjectType(catalog, event.objectType);
  const payload = changedByPlugins(
    formatPayload(event, target, eventType, objectType, format),
    { event, eventType, objectType, format },
    plugins,
  );
  if (isComposedBody(payload)) {
    const { contentType, body } = payload;
    return { contentType, bodyFor: () => body };
  }
  return encoding === 'json' ? encodeJson(payload) : encodeForm(payload);
}

interface FormatContext {
  readonly event: StoredEvent;
  readonly eventType: EventType;
  readonly objectType: ObjectType;
  readonly format: string;
}

function changedByPlugins(
  payload: Payload,
  context: FormatContext,
  plugins: readonly Pick<Plugin, 'name' | 'compose'>[],
): Payload | ComposedBody {
  let changed = payload;
  for (const plugin of plugins) {
    const answer = answeredAtOnce(plugin, 'compose', plugin.compose?.(changed, context));
    if (answer === undefined) continue;
    if (isComposedBody(answer)) return answer;
    changed = answer;
  }
  return changed;
}

function isComposedBody(answer: Payload | ComposedBody): answer is ComposedBody {
  return typeof answer['contentType'] === 'string' && typeof answer['body'] === 'string';
}
