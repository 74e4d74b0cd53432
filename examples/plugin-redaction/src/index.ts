import { definePlugin, HookwellError, type OptionsInput, type Payload, type Plugin } from '@hookwell/core';
import Type, { type Static } from 'typebox';

/** The format that shows less than the others. */
const redactedFormat = 'redacted';

const fields = (description: string) => Type.Array(Type.String({ minLength: 1 }), { default: [], maxItems: 1_000, description });
const options = Type.Object(
  {
    always: fields('Fields of records that no payload shows.'),
    redacted: fields(`Fields that subscriptions with the format \`${redactedFormat}\` are not shown either.`),
  },
  { additionalProperties: false },
);

/** The options of `redaction`. */
export type RedactionOptions = OptionsInput<Static<typeof options>>;

/** What hosts may read of it. */
export interface Redaction {
  /** The fields that no payload shows: also for `hiddenFields` of the plugin `filters`. */
  readonly hiddenFields: readonly string[];
}

/**
 * Takes fields out of payloads: some out of all of them, and more out of those of subscriptions with the format `redacted`,
 * which shows all other fields. Records are stored in full, and pages of the host's own show them so. Plugins that write bodies
 * of their own must stand behind it.
 *
 * @throws {HookwellError} `invalid_option`
 */
export const redaction: (given: RedactionOptions) => Plugin & Redaction = definePlugin({
  name: 'redaction',
  options,
  setup({ always, redacted }) {
    if (always.length + redacted.length === 0) {
      throw new HookwellError(
        'invalid_option',
        'redaction: "always" and "redacted" are both empty; name a field, or leave the plugin out.',
      );
    }
    if ([...always, ...redacted].includes('id')) {
      throw new HookwellError(
        'invalid_option',
        'redaction: the field "id" cannot be left out, because receivers know records by it.',
        {
          value: 'id',
        },
      );
    }
    const hidden = new Set(always);
    const hiddenInRedacted = new Set([...always, ...redacted]);
    return {
      formats: [redactedFormat],
      compose: (payload, { format }) => without(payload, format === redactedFormat ? hiddenInRedacted : hidden),
      api: { hiddenFields: [...hidden] },
    };
  },
});

function without(payload: Payload, names: ReadonlySet<string>): Payload {
  const data = Object.entries(payload['data'] ?? {}).filter(([name]) => !names.has(name));
  return { ...payload, data: Object.fromEntries(data) };
}
