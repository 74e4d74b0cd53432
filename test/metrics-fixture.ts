import type { AddressInfo } from 'node:net';
import { webhooks } from '@hookwell/express-plugin';
import type { Engine } from '@hookwell/core';
import type { Registry } from 'prom-client';
import type { ExecutionContext } from 'ava';
import express from 'express';
import type { EventName } from './engine-fixture.ts';
import parse, { type Metric } from 'parse-prometheus-text-format';

/** What a scrape has read: the values of a metric by its labels, and all that there is. */
export interface Scrape {
  readonly metrics: readonly Metric[];
  /** The value for exactly these labels; undefined when there is none. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined;
  /** How many attempts, or emits, a histogram has for exactly these labels. */
  readonly count: (name: string, labels: Readonly<Record<string, string>>) => number | undefined;
  readonly series: () => number;
}

/** A CRM that serves the metrics of its engine, read over HTTP as Prometheus would and by a parser that is not ours. */
export async function startScraped(
  t: ExecutionContext,
  engine: Engine<EventName>,
  registry: Registry,
): Promise<() => Promise<Scrape>> {
  const app = express().use('/1', webhooks(engine, { authenticate: () => null, metrics: { registry } }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/1/metrics`);
    return read(await answer.text());
  };
}

function read(text: string): Scrape {
  // The parser forgets the labels of what is declared as a histogram; as plain samples they are read whole.
  const metrics = parse(text.replaceAll(/^# TYPE \S+ histogram\n/gm, ''));
  const find = (name: string, labels: Readonly<Record<string, string>>) =>
    metrics
      .filter((metric) => metric.name === name)
      .flatMap((metric) => metric.metrics)
      .find((sample) => {
        const found = Object.entries(sample.labels ?? {});
        return found.length === Object.keys(labels).length && found.every(([label, value]) => labels[label] === value);
      });
  const number = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value));
  return {
    metrics,
    value: (name, labels = {}) => number(find(name, labels)?.value),
    count: (name, labels) => number(find(`${name}_count`, labels)?.value),
    series: () => text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
  };
}
