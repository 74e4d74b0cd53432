import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { prometheus } from '@hookwell/core/prometheus';
import test from 'ava';

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const file = new URL('../docs/grafana-dashboard.json', import.meta.url);
const { panels, templating } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
};

/** The names and labels that a query asks for, as Prometheus' own grammar reads it; null when it is not one. */
function asked(expression: string): { readonly metrics: readonly string[]; readonly labels: readonly string[] } | null {
  // What Grafana puts there.
  const query = expression.replaceAll('$__rate_interval', '5m');
  const found: Record<'Identifier' | 'LabelName', string[]> = { Identifier: [], LabelName: [] };
  let isQuery = true;
  parser.parse(query).iterate({
    enter({ type, from, to }) {
      if (type.isError) isQuery = false;
      if (type.name === 'Identifier' || type.name === 'LabelName') found[type.name].push(query.slice(from, to));
    },
  });
  return isQuery ? { metrics: found.Identifier, labels: found.LabelName } : null;
}

/** What the plugin can be asked for, by name: the labels of each sample. */
function offered(): ReadonlyMap<string, readonly string[]> {
  const samples = new Map<string, readonly string[]>();
  for (const metric of prometheus().registry.getMetricsAsArray()) {
    const { name, type, labelNames = [] } = metric as unknown as { name: string; type?: string; labelNames?: string[] };
    const isHistogram = type === 'histogram' || name.endsWith('_seconds');
    if (isHistogram) for (const part of ['bucket', 'sum', 'count']) samples.set(`${name}_${part}`, [...labelNames, 'le']);
    else samples.set(name, labelNames);
  }
  return samples;
}

test('every query of the dashboard is PromQL and asks for metrics and labels that there are', (t) => {
  const samples = offered();
  const used = new Set<string>();
  for (const { title, targets } of panels) {
    t.true(targets.length > 0, title);
    for (const { expr } of targets) {
      const query = asked(expr);
      t.truthy(query, `${title}: ${expr}`);
      t.true((query?.metrics.length ?? 0) > 0, `${title}: ${expr}`);
      const labels = new Set(query?.metrics.flatMap((metric) => samples.get(metric) ?? []));
      for (const metric of query?.metrics ?? []) {
        t.true(samples.has(metric), `${title} asks for ${metric}`);
        used.add(metric.replace(/_(bucket|sum|count)$/, ''));
      }
      for (const label of query?.labels ?? []) t.true(labels.has(label), `${title} asks for the label ${label}`);
    }
  }
  const all = new Set([...samples.keys()].map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  t.deepEqual(
    [...all].filter((name) => !used.has(name)),
    [],
    'every metric is on the dashboard',
  );
});

test('the choices of the dashboard are labels that there are, and no two panels lie over each other', (t) => {
  for (const { definition } of templating.list) {
    if (definition === undefined) continue;
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    t.true(offered().get(metric)?.includes(label), definition);
  }
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    t.true(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        t.false(taken.has(`${x} ${y}`), title);
        taken.add(`${x} ${y}`);
      }
    }
  }
});
