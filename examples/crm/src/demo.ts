import { setTimeout } from 'node:timers/promises';
import type { Topic } from '@hookwell/core';
import type { Settings } from './arguments.ts';
import { accountId } from './account.ts';
import { readContacts, type NewContact } from './contacts.ts';
import type { Crm, EventName } from './crm.ts';
import { kinds, type Kind } from './catalog.ts';
import type { Row } from './database.ts';
import { compare, isAcknowledged, type Happening, type Wish } from './expectation.ts';
import { generateCars, generateContacts } from './generate-contacts.ts';
import { showProgress } from './progress.ts';
import type { Ledger } from './ledger.ts';
import type { RunningCrm } from './serve.ts';
import { percentile, type Summary } from './table.ts';
import { UsageError } from './usage-error.ts';

/** Soon, so that the demo does not wait for the payloads that its receiver refuses at first. */
export const demoRetryScheduleMs = [200, 400, 800, 1_600, 3_200];

/** One delivery in so many is refused at first. */
export const refuseEvery = 50;

/** How long nothing may arrive before the demo stops waiting for the rest. */
const patienceMs = 20_000;
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

/** One kind of thing that the demo does, to so many records. */
interface Phase {
  readonly name: string;
  readonly event: Topic<EventName>;
  readonly kind: Kind;
  readonly count: number;
  /** Does it to the records from one position to another, and answers them as the CRM has them. */
  readonly act: (from: number, until: number) => Promise<readonly Row[]>;
}

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
  if ((await engine.subscriptions.list(accountId, { limit: 0 })).total > 0) {
    throw new UsageError(`${settings.database} has subscriptions of an earlier run. Name a new file with --database.`);
  }
  const counts = { emitted: 0, matched: 0, retried: 0, failed: 0 };
  engine.events.on('event:stored', ({ deliveries }) => {
    counts.emitted += 1;
    counts.matched += deliveries;
  });
  engine.events.on('delivery:retrying', () => (counts.retried += 1));
  engine.events.on('delivery:failed', () => (counts.failed += 1));

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
  await ledger.settled(expected, patienceMs);
  await idle(running);
  await ledger.flush();
  progress.stop();

  const findings = compare(wishes, happenings, ledger.arrivals);
  const began = happenings[0]?.from ?? 0;
  const ended = ledger.arrivals.filter(isAcknowledged).reduce((latest, { receivedAt }) => Math.max(latest, receivedAt), began);
  const problems = [...findings.problems];
  if (counts.matched !== findings.expected) {
    problems.push(`the engine made ${counts.matched} deliveries, but ${findings.expected} payloads were asked for`);
  }
  return {
    contacts: newContacts.length,
    subscriptions: wishes.length,
    emitted: counts.emitted,
    matched: counts.matched,
    delivered: findings.delivered,
    retried: counts.retried,
    failed: counts.failed,
    deliveriesPerSecond: Math.round(findings.delivered / Math.max((ended - began) / 1_000, 0.001)),
    latencyMs: { p50: percentile(findings.latenciesMs, 0.5), p99: percentile(findings.latenciesMs, 0.99) },
    exact: problems.length === 0,
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

function planPhases(crm: Crm, newContacts: readonly NewContact[], seed: number): readonly Phase[] {
  const contacts: Row[] = [];
  const cars: Row[] = [];
  const carOwners = () => contacts.filter((_, index) => index % 8 === 0).map(({ id }) => id);
  const nth = (share: number) => Math.ceil(newContacts.length / share);
  const each = async (from: number, until: number, act: (position: number) => Promise<Row>) =>
    Promise.all(Array.from({ length: until - from }, async (_, index) => act(from + index)));
  const tagging =
    (kind: Kind, records: readonly Row[], step: number, verb: 'addTag' | 'removeTag', tag: number): Phase['act'] =>
    (from, until) =>
      each(from, until, async (position) => {
        const { id } = records[position * step] as Row;
        await crm[verb](kind, id, tag);
        return crm.find(kind, id);
      });

  return [
    {
      name: 'contacts imported',
      event: 'object_create(0)',
      kind: 'contacts',
      count: newContacts.length,
      async act(from, until) {
        const created = await crm.createAll('contacts', newContacts.slice(from, until));
        contacts.push(...created);
        return created;
      },
    },
    {
      name: 'tags added',
      event: 'sub_tag(3)',
      kind: 'contacts',
      count: nth(2),
      act: tagging('contacts', contacts, 2, 'addTag', 3),
    },
    {
      name: 'other tags added',
      event: 'sub_tag(4)',
      kind: 'contacts',
      count: nth(3),
      act: tagging('contacts', contacts, 3, 'addTag', 4),
    },
    {
      name: 'tags removed',
      event: 'unsub_tag(3)',
      kind: 'contacts',
      count: nth(4),
      act: tagging('contacts', contacts, 4, 'removeTag', 3),
    },
    {
      name: 'forms submitted',
      event: 'object_submits_form(2)',
      kind: 'contacts',
      count: nth(5),
      act: (from, until) =>
        each(from, until, async (position) => crm.submitForm(2, { contact_id: (contacts[position * 5] as Row).id })),
    },
    {
      name: 'cars created',
      event: 'object_create(10001)',
      kind: 'cars',
      count: nth(8),
      async act(from, until) {
        const created = await crm.createAll('cars', generateCars(carOwners(), seed).slice(from, until));
        cars.push(...created);
        return created;
      },
    },
    { name: 'cars tagged', event: 'sub_tag(3)', kind: 'cars', count: nth(16), act: tagging('cars', cars, 2, 'addTag', 3) },
  ];
}

/** Waits until the engine has nothing left to send, so that a duplicate would have arrived by now. */
async function idle({ engine }: RunningCrm): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline && (await engine.deliveries.list(accountId, { limit: 0 })).total > 0) {
    await setTimeout(20);
  }
}
