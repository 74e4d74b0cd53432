import Type, { type TObject } from 'typebox';
import type { DescribedCollection } from './schemas.ts';

/** What lists and `getInfo` can be asked, for the documents that describe the contract. */
export function collectionParameters({ collection: { fields } }: DescribedCollection): TObject {
  const names = Object.keys(fields);
  const queried = names.filter((name) => fields[name]?.query !== undefined);
  const all = names.map((name) => `\`${name}\``).join(', ');
  return Type.Partial(
    Type.Object({
      ids: Type.String({
        pattern: '^ *[0-9]+ *(, *[0-9]+ *)*$',
        description: 'Only these, with commas between, such as `1,2`; `0` in it stands for all.',
        examples: ['1,2'],
      }),
      start: Type.Integer({ minimum: 0, description: 'How many to pass over; none when left out.', examples: [0] }),
      range: Type.Integer({
        minimum: 0,
        description: 'How many to answer: 50 when left out, which are also the most; a larger number is taken as 50.',
        examples: [50],
      }),
      sort: Type.Enum(queried, { description: 'The field to sort by.', examples: ['id'] }),
      sortDir: Type.Enum(['asc', 'desc'], {
        description:
          'The direction of sorting: `asc` when a field was sent. Without both, subscriptions come oldest first and the log newest first.',
        examples: ['desc'],
      }),
      condition: Type.String({
        description:
          'A JSON array of terms with `"AND"` or `"OR"` between them. Operators are `=`, `<>`, `>`, `<`, `>=`, `<=`, `IN`, `NOT IN`, `IS` and `LIKE`; an array in the place of a term is a group in brackets. For example `[{"field":{"field":"event"},"op":"=","value":{"value":"sub_tag(3)"}}]`. ' +
          `Fields: ${queried.map((name) => `\`${name}\``).join(', ')}.`,
        examples: ['[{"field":{"field":"event"},"op":"=","value":{"value":"sub_tag(3)"}}]'],
      }),
      search: Type.String({ maxLength: 200, description: 'Only those that contain this text.', examples: ['example.com'] }),
      listFields: Type.String({ description: `The fields to answer, with commas between: ${all}.`, examples: ['id,event'] }),
      count: Type.Boolean({ description: 'Whether to answer how many there are in all, too.', examples: [true] }),
    }),
  );
}
