import { setTimeout } from 'node:timers/promises';
import type { Engine, OutcomeKind } from '@hookwell/core';
import type { Settings } from './arguments.ts';
import { accountId } from './account.ts';
import { readContacts, type NewContact } from './contacts.ts';
import { kinds } from './catalog.ts';
import { isPostgres, shown } from './database-name.ts';
import { compare, isAcknowledged, type Happening, type Wish } from './expectation.ts';
import { generateContacts } from './generate-contacts.ts';
import { showProgress } from './progress.ts';
import type { Ledger } from './ledger.ts';
import { planPhases } from './phases.ts';
import type { RunningCrm } from './serve.ts';
import { percentile, type Summary } from './table.ts';
import { UsageError } from './usage-error.ts';

/** One delivery in so many is refused at first. */
export const refuseEvery = 50;

/** How long nothing may arrive, beyond a lease, before the demo stops waiting for the rest. */
const leastPatienceMs = 20_000;
const batchSize = 50;

type NewWish = Omit<Wish, 'id'>;

/** What the demo subscribes to: each format, both encodings, contacts and cars. Nobody subscribes to tag 4. */
const newWishes: readonly NewWish[] = [
  { path: '/contacts/full', event: 'object_create(0)', format: 'full', encoding: 'form' },
  { path: '/contacts/notify', event: 'object_create(0)', format: 'notify', encoding: 'form' },
  { path: '/contacts/json', event: 'object_create(0)', format: 'full', encoding: 'json' },
  { path: '/tagged/lightweight', event: 'sub_tag(3)', format: 'lightweight', encoding: 'form' },
  { path: '/tagged/full', event: 'sub_tag(3)', format: 'full', encoding: 'form' },
  { path: '/untagged/notify', event: 'unsub_tag(3)', format: 'notify', encoding: 'form' },
  { path: '/forms/lightweight', event: 'object_submits_form(2)', format: 'lightweight', encoding: 'form' },
  { path: '/cars/full', event: 'object_create(10001)', format: 'full', encoding: 'form' },
  { path: '/cars/lightweight', event: 'object_create(10001)', format: 'lightweight', encoding: 'form' },
  { path: '/cars/notify', event: 'object_create(10001)', format: 'notify', encoding: 'form' },
];

/** What the demo imports; read before anything is started, so that a bad file changes nothing. */
export function contactsFor(settings: Settings): readonly NewContact[] {
  if (settings.contactsFile === null) return generateContacts(settings.count, settings.seed);
  const { contacts, emptyRows } = readContacts(settings.contactsFile);
  if (emptyRows > 0) process.stderr.write(`${settings.contactsFile}: passed over ${emptyRows} rows in which nothing stands\n`);
  return contacts;
}

/** Subscribes, lets things happen in the CRM, and waits until all that must arrive has arrived, or nothing comes any more. */
export async function runDemo(
  settings: Settings,
  newContacts: readonly NewContact[],
  running: RunningCrm,
  ledger: Ledger,
): Promise<Summary> {
  const { crm, engine } = running;
  await checkEmpty(engine, settings.database ?? '');
  const wishes: Wish[] = [];
  for (const wish of newWishes) wishes.push({ ...wish, id: await subscribe(wish, settings, running.url, ledger.url) });

  const phases = planPhases(crm, newContacts, settings.seed);
  const expected = phases.reduce(
    (sum, { event, count }) => sum + count * wishes.filter((wish) => wish.event === event).length,
    0,
  );
  const progress = showProgress(process.stderr);
  const steps = phases.map(({ name, count }) => progress.step(name, count));
  const arrived = progress.step('payloads received', expected);
  ledger.onArrivals = (arrivals) => arrived.advance(arrivals.filter(isAcknowledged).length);

  const happenings: Happening[] = [];
  for (const [index, { event, kind, count, act }] of phases.entries()) {
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(start + batchSize, count);
      const from = Date.now();
      const records = await act(start, end);
      const until = Date.now();
      for (const record of records) happenings.push({ event, objectType: kinds[kind].objectType, record, from, until });
      steps[index]?.advance(end - start);
    }
  }
  // What a process holds that was killed is sent by another one when its lease has run out.
  const patienceMs = leastPatienceMs + settings.leaseMs;
  await ledger.settled(expected, patienceMs);
  await idle(engine, patienceMs);
  await ledger.flush();
  progress.stop();

  const counts = await countLogged(engine);
  const restarted = running.restarts();
  const findings = compare(wishes, happenings, ledger.arrivals, { mayRepeat: restarted > 0 });
  const began = happenings[0]?.from ?? 0;
  const ended = ledger.arrivals.filter(isAcknowledged).reduce((latest, { receivedAt }) => Math.max(latest, receivedAt), began);
  const problems = [...findings.problems];
  if (counts.matched !== findings.expected) {
    problems.push(`the engine made ${counts.matched} deliveries, but ${findings.expected} payloads were asked for`);
  }
  return {
    contacts: newContacts.length,
    subscriptions: wishes.length,
    emitted: happenings.length,
    matched: counts.matched,
    delivered: findings.delivered,
    retried: counts.retried,
    failed: counts.failed,
    deliveriesPerSecond: Math.round(findings.delivered / Math.max((ended - began) / 1_000, 0.001)),
    latencyMs: { p50: percentile(findings.latenciesMs, 0.5), p99: percentile(findings.latenciesMs, 0.99) },
    processes: spread(ledger),
    restarted,
    repeated: findings.repeated,
    exact: problems.length === 0 && findings.repeated === 0,
    problems,
  };
}

/** Subscribes as any client of the contract would: over HTTP, with the key pair in the headers. */
async function subscribe(wish: NewWish, { credentials }: Settings, crmUrl: string, receiverUrl: string): Promise<number> {
  const { format, encoding } = wish;
  const data = { ...(format === 'full' ? {} : { format }), ...(encoding === 'form' ? {} : { encoding }) };
  const response = await fetch(`${crmUrl}/1/Webhook/subscribe`, {
    method: 'POST',
    headers: { 'Api-Appid': credentials.appId, 'Api-Key': credentials.apiKey },
    body: new URLSearchParams({
      url: receiverUrl + wish.path,
      event: wish.event,
      ...(Object.keys(data).length > 0 ? { data: JSON.stringify(data) } : {}),
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Subscribing to ${wish.event} was answered ${response.status}: ${text}`);
  return (JSON.parse(text) as { readonly data: { readonly id: number } }).data.id;
}

/** @throws {UsageError} when something is subscribed already, whose payloads nobody would expect */
async function checkEmpty({ subscriptions }: Pick<Engine, 'subscriptions'>, database: string): Promise<void> {
  if ((await subscriptions.list(accountId, { limit: 0 })).total === 0) return;
  const wayOut = isPostgres(database)
    ? 'Name another database, or empty this one with: drop schema crm, hookwell cascade'
    : 'Name a new file with --database.';
  throw new UsageError(`${shown(database)} has subscriptions of an earlier run. ${wayOut}`);
}

/** Waits until nothing is left to send, so that a duplicate would have arrived by now. */
async function idle({ deliveries }: Pick<Engine, 'deliveries'>, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline && (await deliveries.list(accountId, { limit: 0 })).total > 0) await setTimeout(20);
}

/** What the log says, whichever process wrote it: how many deliveries there were, and what became of attempts. */
async function countLogged({ deliveries }: Pick<Engine, 'deliveries'>) {
  const logged = async (...values: readonly OutcomeKind[]): Promise<number> =>
    (await deliveries.attempts(accountId, { where: { kind: 'in', field: 'outcome', values, negated: false }, limit: 0 })).total;
  const unfinished = (await deliveries.list(accountId, { limit: 0 })).total;
  return {
    matched: unfinished + (await logged('delivered', 'failed', 'cancelled')),
    retried: await logged('retry'),
    failed: await logged('failed'),
  };
}

/** How many payloads each process sent that the receiver took; nothing when there is one process only. */
function spread({ arrivals }: Ledger): Summary['processes'] {
  const delivered = new Map<string, number>();
  for (const { process } of arrivals.filter(isAcknowledged)) {
    if (process !== '') delivered.set(process, (delivered.get(process) ?? 0) + 1);
  }
  return [...delivered]
    .map(([name, number]) => ({ name, delivered: number }))
    .toSorted((a, b) => Number(a.name) - Number(b.name));
}
