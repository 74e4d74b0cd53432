import { randomBytes } from 'node:crypto';

/** Subscriptions, each a lane of its own. */
export const laneCount = 20;
/** Origins that the lanes are spread over. */
export const originCount = 4;
/** Requests in flight at once: the engine's default, and what the bare loops keep up. */
export const inFlight = 100;
/** Callers of `emit` that wait for one event before they emit the next. */
export const callers = 100;
/** Subscriptions to each topic when events fan out. */
export const fanOutWidth = 5;
/** Events emitted each second when latency is measured. */
export const eventsPerSecond = 200;
/** When every event happened, so that all contestants send the same bytes. Milliseconds since the epoch. */
const occurredAt = Date.UTC(2026, 0, 15, 12);

/** The secret of this run; contestants sign with it and the receiver checks. */
export const secret = `whsec_${randomBytes(32).toString('base64')}`;

/** What one run sends: records 1 to `records`, each to `fanOut` lanes. */
export interface Workload {
  readonly records: number;
  readonly fanOut: number;
}

/** One request of a run, for those who send it themselves. */
export interface Request {
  readonly lane: number;
  readonly body: string;
}

/** A contact whose payload is about 1 KB of JSON. */
export function contact(id: number) {
  return {
    id,
    owner: 1,
    firstname: 'Mary',
    lastname: 'Jones-Smith',
    email: `mary.jones-smith.${id}@example.com`,
    address: '1428 Elm Street',
    address2: 'Building C, Apartment 17',
    city: 'Springfield',
    state: 'OR',
    zip: '97477',
    country: 'US',
    timezone: 'America/Los_Angeles',
    cell_phone: '+1 541 555 0134',
    home_phone: '+1 541 555 0175',
    sms_number: '+15415550134',
    office_phone: '+1 541 555 0199',
    fax: '+1 541 555 0198',
    company: 'Jones, Smith & Daughters Landscaping',
    title: 'Managing director',
    website: 'https://www.example.com/landscaping',
    birthday: '1984-02-29',
    facebook_link: 'https://facebook.example/mary',
    twitter_link: 'https://twitter.example/mary',
    linkedin_link: 'https://linkedin.example/mary',
    contact_cat: '*/*3*/*7*/*',
    bulk_mail: 1,
    bulk_sms: 0,
    status: 'Customer',
    priority: 2,
    spent: 1_234.5,
    date: 1_514_940_140,
    dla: 1_767_225_600,
    dlm: 1_767_225_600,
    unique_id: 'b3RyYXBvcnQ0Mg',
    grade: 61.25,
    last_activity: 1_767_225_600,
  };
}

/** The lanes that a record goes to. */
export function lanesOf(record: number, fanOut: number): readonly number[] {
  if (fanOut === 1) return [(record % laneCount) + 1];
  const first = (record % (laneCount / fanOut)) * fanOut + 1;
  return Array.from({ length: fanOut }, (_, index) => first + index);
}

/** The tag that subscribers of a lane wait for. */
export function tagOf(lane: number, fanOut: number): number {
  return Math.ceil(lane / fanOut);
}

/** The tag that a record gets. */
export function tagOfRecord(record: number, fanOut: number): number {
  return tagOf(lanesOf(record, fanOut)[0] as number, fanOut);
}

/** What the engine is told of a record. */
export function emitInput(record: number) {
  return { accountId: 1, objectType: 0, record: contact(record), occurredAt };
}

/** The body for a lane: the engine's own, written here once more so that the two can be compared. */
export function bodyOf(lane: number, fanOut: number, data: ReturnType<typeof contact>): string {
  const event = { type: 'sub_tag', tag_id: tagOf(lane, fanOut) };
  return JSON.stringify({ webhook_id: lane, object_type_id: 0, event, data, timestamp: occurredAt / 1_000 });
}

/** All that is sent for a record. */
export function requestsOf(record: number, fanOut: number): readonly Request[] {
  return lanesOf(record, fanOut).map((lane) => ({ lane, body: bodyOf(lane, fanOut, contact(record)) }));
}

/** Where the subscriber of a lane listens. */
export function urlOf(lane: number, origins: readonly string[]): string {
  return `${origins[lane % origins.length]}/${lane}`;
}
