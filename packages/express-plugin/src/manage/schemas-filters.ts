import Type, { type Static } from 'typebox';
import { closed, count, filter, text, time, topic } from './schema-parts.ts';

export const FilterPreviewBody = Type.Object(
  {
    topic,
    filter,
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        default: 20,
        description: 'On how many events to try it: those that were emitted last.',
      }),
    ),
  },
  { ...closed, title: 'FilterToTry' },
);

export const FilterPreviewSchema = Type.Object(
  {
    matched: count('How many of them it lets through.'),
    events: Type.Array(
      Type.Object(
        {
          id: text('The id of the event.'),
          occurredAt: time('When it happened.'),
          matches: Type.Boolean({ description: 'Whether the filter lets it through.' }),
        },
        { ...closed, title: 'FilterTried' },
      ),
      { description: 'The events that it was tried on, the newest first.' },
    ),
  },
  { ...closed, title: 'FilterPreview' },
);

export type FilterPreviewJson = Static<typeof FilterPreviewSchema>;
