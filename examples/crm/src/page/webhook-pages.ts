/** A page that the webhooks plugin serves. */
export interface WebhookPage {
  readonly href: string;
  readonly title: string;
  /** What it is for. */
  readonly purpose: string;
}

/** The pages of the plugin that this CRM switches on. */
export const webhookPages: readonly WebhookPage[] = [
  { href: '/1/docs', title: 'Documentation', purpose: 'every endpoint, to read about and to try out' },
  { href: '/1/console', title: 'Console', purpose: 'your subscriptions, how they are, and every delivery' },
  { href: '/1/bins', title: 'Request bins', purpose: 'addresses that show what is sent to them, to try webhooks with' },
  { href: '/1/feed.rss', title: 'Changes', purpose: 'a feed of what changes in this API' },
  { href: '/1/metrics', title: 'Metrics', purpose: 'counts and times of this process, for Prometheus' },
];
