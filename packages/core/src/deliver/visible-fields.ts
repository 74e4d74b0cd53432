import type { Catalog } from '../model/catalog.ts';
import { findObjectType, type FieldValue } from '../model/crm-record.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Subscription } from '../model/subscription.ts';
import { answeredAtOnce, type Plugin } from '../plugin.ts';

/** The fields of an event's record that a subscription may see, in the catalog's order, `id` among them; null for all of them. */
export type VisibleFields = (event: StoredEvent, subscription: Subscription) => readonly string[] | null;

/** Asks the plugins that have a policy of fields: what each of them lets through; null when there are none. */
export function visibleFields(plugins: readonly Pick<Plugin, 'name' | 'fields'>[], catalog: Catalog): VisibleFields | null {
  const policies = plugins.filter(({ fields }) => fields !== undefined);
  if (policies.length === 0) return null;
  return (event, subscription) => {
    const { fields } = findObjectType(catalog, event.objectType);
    let visible = fields;
    for (const plugin of policies) {
      const names: unknown = answeredAtOnce(plugin, 'fields', plugin.fields?.(subscription, event.record, event));
      if (names === undefined) continue;
      if (!Array.isArray(names)) {
        throw new Error(`the fields hook of the plugin "${plugin.name}" answered no list of names; answer one, or undefined`);
      }
      visible = visible.filter((field) => field === 'id' || names.includes(field));
    }
    return visible.length === fields.length ? null : visible;
  };
}

/** An event as somebody sees it who may see these fields of its record: all others are empty. */
export function withFields(event: StoredEvent, fields: readonly string[], catalog: Catalog): StoredEvent {
  const record: Record<string, FieldValue> = { ...findObjectType(catalog, event.objectType).blank };
  for (const field of fields) record[field] = event.record[field] ?? null;
  return { ...event, record };
}
