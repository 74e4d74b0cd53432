import { explainedStates } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import { closed, text, timeOrNull } from './schema-parts.ts';

export const ExplanationQuery = Type.Object(
  {
    eventId: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'The id of an event.' })),
  },
  closed,
);

export const ExplanationSchema = Type.Object(
  {
    state: Type.Enum([...explainedStates], {
      description:
        'Where it stands. `due`: its turn comes; `held`: its endpoint has asked for time; `ended`: its subscription has; `missing`: nothing leaves the event out now, and there is no delivery.',
    }),
    because: text('Why, in plain words.'),
    next: text('What happens next; empty when nothing does.'),
    at: timeOrNull('When that is; null when it depends on something else than time.'),
  },
  { ...closed, title: 'Explanation' },
);

export type ExplanationJson = Static<typeof ExplanationSchema>;
