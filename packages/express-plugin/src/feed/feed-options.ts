import Type from 'typebox';

/** The option `feed`. */
export const feedOptions = Type.Optional(
  Type.Object(
    {
      title: Type.String({
        default: 'Changes of the webhooks API',
        minLength: 1,
        maxLength: 200,
        description: 'What readers call the feed.',
      }),
      description: Type.String({
        default: 'What was added, changed, deprecated and removed.',
        minLength: 1,
        maxLength: 1_000,
        description: 'What it is about, in a sentence.',
      }),
      url: Type.Optional(
        Type.String({
          pattern: '^https?://[^\\s?#]+$',
          maxLength: 2_000,
          description:
            'Where people reach what you mounted, e.g. `https://crm.example.com/1`. Taken from each request when left out, which your proxy may tell wrongly.',
        }),
      ),
      entries: Type.Integer({
        default: 50,
        minimum: 1,
        maximum: 500,
        description: 'Entries that the feed has at most, the newest ones.',
      }),
      own: Type.Boolean({
        default: true,
        description: 'Whether releases of Hookwell’s Express plugin are among the entries.',
      }),
    },
    {
      additionalProperties: false,
      description: 'Serves `feed.rss` and `feed.atom`: the `changes` of your catalog, for readers. They need no login.',
    },
  ),
);
