import Type from 'typebox';

const day = 24 * 3_600_000;

/** The most that a replay may make due in a second. */
export const fastestPace = 10_000;

/** The option `replay` of `createEngine`. */
export const ReplayOptionsSchema = Type.Object(
  {
    pacePerSecond: Type.Integer({
      default: 50,
      minimum: 1,
      maximum: fastestPace,
      description: 'At most how many deliveries a replay makes due in a second, where it is not told otherwise.',
    }),
    maxUnfinished: Type.Integer({
      default: 1_000,
      minimum: 1,
      maximum: 10_000,
      description:
        'At most how many of its deliveries a replay leaves unfinished at once, those that wait for a retry among them; then it waits.',
    }),
    giveUpAfterMs: Type.Integer({
      default: 7 * day,
      minimum: 1_000,
      maximum: 365 * day,
      description: 'How long a replay may take. The log and the events of its account are kept for as long as it looks.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'How finished and missing deliveries are sent again in bulk.' },
);
