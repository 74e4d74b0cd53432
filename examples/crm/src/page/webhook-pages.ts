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
];
