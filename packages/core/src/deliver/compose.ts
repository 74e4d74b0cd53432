import type { Catalog, EventType, ObjectType } from '../model/catalog.ts';
import { findObjectType, type CrmRecord } from '../model/crm-record.ts';
import { encodeForm, encodeJson, type EncodedPayload } from '../model/encoding.ts';
import type { StoredEvent } from '../model/event.ts';
import { formatPayload, type Payload } from '../model/format.ts';
import type { ComposedPayload } from '../model/held.ts';
import type { Encoding, Subscription } from '../model/subscription.ts';
import { parseTopic } from '../model/topic.ts';
import { answeredAtOnce, type ComposedBody, type Plugin } from '../plugin.ts';
import { withFields, type VisibleFields } from './visible-fields.ts';

/** What `compose` works with. */
export interface ComposeStageContext {
  readonly catalog: Catalog;
  readonly plugins: readonly Pick<Plugin, 'name' | 'compose'>[];
  /** Which fields each subscription may see; left out where all may see everything. */
  readonly visible?: VisibleFields | null;
}

/** A request's body and what it is. */
export interface Composed {
  /** The event as the subscription sees it. */
  readonly event: StoredEvent;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Builds the body that a subscription gets for an event. The same event, format, encoding and fields that may be
 * seen are composed once, however many subscriptions share them.
 *
 * @param composed what was composed for the event before, to which this adds: kept with what is held of it, because to find
 * it in a `WeakMap` costs as much as composing it
 */
export function compose(
  event: StoredEvent,
  subscription: Subscription,
  composed: ComposedPayload[],
  context: ComposeStageContext,
): Composed {
  const { format, encoding } = subscription;
  const visible = context.visible?.(event, subscription) ?? null;
  const fields = visible === null ? '' : JSON.stringify(visible);
  let found = composed.find((one) => one.format === format && one.encoding === encoding && one.fields === fields);
  if (!found) {
    const seen = visible === null ? event : withFields(event, visible, context.catalog);
    found = { format, encoding, fields, event: seen, payload: encode(seen, format, encoding, context) };
    composed.push(found);
  }
  const { payload } = found;
  return { event: found.event, contentType: payload.contentType, body: payload.bodyFor(subscription.id) };
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
    if (!plugin.compose) continue;
    // A payload of its own, because the data of this one may be the record itself.
    if (changed === payload) changed = { ...payload, data: { ...(payload['data'] as CrmRecord) } };
    const answer = answeredAtOnce(plugin, 'compose', plugin.compose(changed, context));
    if (answer === undefined) continue;
    if (isComposedBody(answer)) return answer;
    changed = answer;
  }
  return changed;
}

function isComposedBody(answer: Payload | ComposedBody): answer is ComposedBody {
  return typeof answer['contentType'] === 'string' && typeof answer['body'] === 'string';
}
