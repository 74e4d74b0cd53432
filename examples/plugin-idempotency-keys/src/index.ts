import { definePlugin, type OptionsInput, type OutcomeKind, type Plugin } from '@hookwell/core';
import Type, { type Static } from 'typebox';

const options = Type.Object(
  {
    header: Type.String({
      default: 'idempotency-key',
      pattern: '^[a-z][a-z0-9-]{0,63}$',
      description: 'The header that the key goes into, in small letters.',
    }),
    per: Type.Union([Type.Literal('delivery'), Type.Literal('event')], {
      default: 'delivery',
      description:
        'What has a key of its own: `delivery`, so that a receiver does once what it is sent several times, or `event`, so that several subscriptions to one URL do it once, too.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `idempotencyKeys`. */
export type IdempotencyKeysOptions = OptionsInput<Static<typeof options>>;

/** What hosts may ask it. */
export interface OutcomeCounts {
  /** What attempts of this process led to since it was made, by kind. */
  readonly counts: () => Readonly<Record<OutcomeKind, number>>;
}

/**
 * Adds the header `Idempotency-Key`, the same on every attempt, for receivers that hand what they get on to an API which takes
 * one; and counts outcomes.
 *
 * @throws {HookwellError} `invalid_option`
 */
export const idempotencyKeys: (given?: IdempotencyKeysOptions) => Plugin & OutcomeCounts = definePlugin({
  name: 'idempotency-keys',
  options,
  setup({ header, per }) {
    const counts: Record<OutcomeKind, number> = { delivered: 0, retry: 0, failed: 0, cancelled: 0 };
    return {
      // A text of a structured header has quotes around it; ids have none in them.
      request: ({ deliveryId, event }) => [header, `"${per === 'event' ? event.id : deliveryId}"`],
      outcome({ outcome }) {
        counts[outcome.outcome] += 1;
      },
      api: { counts: () => ({ ...counts }) },
    };
  },
});
