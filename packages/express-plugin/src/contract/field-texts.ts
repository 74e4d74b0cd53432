/** What a field of an answer is, for the documents that describe the contract, and a value that it may have. */
export interface FieldText {
  readonly description: string;
  readonly example: string | null;
}

const formPayload =
  'webhook_id=1&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=3&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1795558435';

/** Every field of a subscription, by name. */
export const webhookTexts: Readonly<Record<string, FieldText>> = {
  id: { description: 'The number of the subscription.', example: '1' },
  event: { description: 'What it is subscribed to.', example: 'sub_tag(3)' },
  data: {
    description: 'The parameter `data` as it was sent; empty when none was.',
    example: '{"format":"lightweight"}',
  },
  url: { description: 'Where payloads go.', example: 'https://example.com/hooks' },
  last_hook: { description: 'When the last attempt began, in epoch seconds; null before any.', example: '1795558435' },
  last_code: {
    description: 'The status of the last answer; `0` before any attempt, and when there was no answer.',
    example: '200',
  },
  last_payload: {
    description: 'The last payload as a form, whatever the encoding; empty when its event is no longer kept.',
    example: formPayload,
  },
  health: { description: 'How the endpoint is doing: `healthy`, `failing`, `suspended` or `paused`.', example: 'healthy' },
  health_reason: { description: 'Why, in plain words; empty while it is healthy.', example: '' },
  health_since: { description: 'Since when, in epoch seconds.', example: '1795558435' },
  health_next: { description: 'What happens next, in plain words; empty while it is healthy.', example: '' },
};

/** Every field of a line of the log, by name. */
export const webhookLogTexts: Readonly<Record<string, FieldText>> = {
  id: { description: 'The number of the line.', example: '12' },
  webhook_id: { description: 'The number of the subscription.', example: '1' },
  event: { description: 'What it was subscribed to.', example: 'sub_tag(3)' },
  date: { description: 'When the attempt began, in epoch seconds.', example: '1795558435' },
  outcome: { description: '`delivered`, `retry`, `failed` or `cancelled`.', example: 'delivered' },
  code: { description: 'The status of the answer; `0` when there was none.', example: '200' },
  reason: { description: 'Why, in plain words; empty when it was delivered.', example: '' },
  attempt: { description: '`1` for the first attempt of its delivery; `0` when it ended unsent.', example: '1' },
  duration_ms: { description: 'How long the attempt took, in milliseconds.', example: '42' },
  next_attempt: { description: 'When the next attempt is due, in epoch seconds; null when there is none.', example: null },
  delivery_id: {
    description: 'The same on every attempt: the `webhook-id` that the receiver saw.',
    example: '0198c5a2-6f0e-7cc4-b3b7-0a4f1c1e5a11',
  },
  event_id: { description: 'The event that it was about.', example: '0198c5a2-6f0d-7a1e-9d53-55a0c8f0b7e2' },
  response: { description: 'The beginning of the body of the answer.', example: 'ok' },
  payload: {
    description: 'The body as it was sent; empty once its event is no longer kept.',
    example: formPayload,
  },
};
