import type { JSX } from 'preact';

interface PairsProps {
  /** What they are, for those who do not see the table. */
  readonly label: string;
  /** What the columns are called; there is no need where everybody knows. */
  readonly columns?: readonly [name: string, value: string];
  readonly pairs: readonly { readonly name: string; readonly value: string }[];
}

/** A table of names and their values, in their order: a name may come again. */
export function Pairs({ label, columns, pairs }: PairsProps): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={label}>
      <table class="table pairs">
        {columns && (
          <thead>
            <tr>
              <th scope="col">{columns[0]}</th>
              <th scope="col">{columns[1]}</th>
            </tr>
          </thead>
        )}
        <tbody>
          {pairs.map(({ name, value }, index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              <td>{value === '' ? <span class="muted">(empty)</span> : value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
