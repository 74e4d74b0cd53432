/** Subscriptions, each to a topic of its own. */
export const subscriptionCount = 200;
/** Events of one run. Each is for one subscription, and so one delivery. */
export const eventCount = 20_000;

/** The topic of the event about a record. */
export function topicOf(record: number): `sub_tag(${number})` {
  return `sub_tag(${(record % subscriptionCount) + 1})`;
}
