import { definePlugin, type OptionsInput, type Plugin } from '@hookwell/core';
import Type, { type Static } from 'typebox';

/** The format that subscriptions ask for. */
const cloudEventsFormat = 'cloudevents';

const options = Type.Object(
  {
    source: Type.String({
      pattern: '^[!-~]{1,200}$',
      description: 'The `source` of every event, a URI or a part of one, such as `https://crm.example.com` or `/crm`.',
    }),
    typePrefix: Type.String({
      default: '',
      pattern: '^(?:[a-z][a-z0-9-]*\\.)*$',
      description: 'What `type` begins with: your domain, backwards, and a dot, such as `com.example.crm.`.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `cloudEvents`. */
export type CloudEventsOptions = OptionsInput<Static<typeof options>, 'source'>;

/**
 * Adds the format `cloudevents`: CloudEvents 1.0, structured, as JSON. The `id` is the event's, the same for all that get it;
 * `data` is the record. What other plugins have left out of a payload is left out of `data` too, if they stand before it.
 *
 * @throws {HookwellError} `invalid_option`
 */
export const cloudEvents: (given: CloudEventsOptions) => Plugin = definePlugin({
  name: 'cloud-events',
  options,
  setup: ({ source, typePrefix }) => ({
    formats: [cloudEventsFormat],

    compose(payload, { event, eventType, objectType, format }) {
      // Every format comes by here.
      if (format !== cloudEventsFormat) return undefined;
      return {
        contentType: 'application/cloudevents+json; charset=utf-8',
        body: JSON.stringify({
          specversion: '1.0',
          id: event.id,
          source,
          type: `${typePrefix}${eventType.name}`,
          subject: `${objectType.name}/${event.record['id']}`,
          time: new Date(event.occurredAt).toISOString(),
          datacontenttype: 'application/json',
          // An extension: the event with its target, as subscriptions name it.
          topic: event.topic,
          data: payload['data'],
        }),
      };
    },
  }),
});
