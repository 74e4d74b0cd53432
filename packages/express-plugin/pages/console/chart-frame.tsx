import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Button } from '../look/button.tsx';

interface LegendEntry {
  /** Its class is `key-` and this. */
  readonly key: string;
  readonly name: string;
}

interface ChartFrameProps {
  readonly title: string;
  /** What it shows, in a sentence: for everybody, and instead of the picture for those who do not see it. */
  readonly summary: string;
  readonly legend?: readonly LegendEntry[];
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly ComponentChildren[])[] };
  readonly children: ComponentChildren;
}

/** A chart with its title, what it says in words, and the same as a table on demand. */
export function ChartFrame({ title, summary, legend = [], table, children }: ChartFrameProps): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  return (
    <section class="card chart" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        <Button
          kind="quiet"
          small
          aria-label={`${title}: show as ${asTable ? 'chart' : 'table'}`}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'Chart' : 'Table'}
        </Button>
      </div>
      <div class="card-body">
        <p class="small muted chart-summary">{summary}</p>
        {asTable ? (
          <div class="chart-table" tabIndex={0} role="group" aria-label={`${title}, as a table`}>
            <table class="table">
              <thead>
                <tr>
                  {table.head.map((name, index) => (
                    <th key={name} scope="col" class={index > 0 ? 'number' : undefined}>
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {table.rows.map((cells, row) => (
                  <tr key={row}>
                    {cells.map((cell, index) =>
                      index === 0 ? (
                        <th key={index} scope="row">
                          {cell}
                        </th>
                      ) : (
                        <td key={index} class="number">
                          {cell}
                        </td>
                      ),
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <>
            {children}
            {legend.length > 0 && (
              <ul class="legend" aria-hidden="true">
                {legend.map(({ key, name }) => (
                  <li key={key}>
                    <span class={`legend-key key-${key}`} />
                    {name}
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </div>
    </section>
  );
}
