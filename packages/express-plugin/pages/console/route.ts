/** What the console shows, as the hash of its address says. */
export type Route =
  | { readonly page: 'overview'; readonly range: RangeName }
  | { readonly page: 'subscriptions'; readonly which: Which; readonly text: string }
  | { readonly page: 'new' }
  | { readonly page: 'subscription'; readonly id: number }
  | { readonly page: 'edit'; readonly id: number }
  | { readonly page: 'log'; readonly filter: LogFilter; readonly delivery: string | null }
  | { readonly page: 'delivery'; readonly id: string }
  | { readonly page: 'replays' }
  | { readonly page: 'unknown' };

export type RangeName = '1h' | '24h' | '7d';

export type Which = 'active' | 'ended' | 'all';

/** What of the log is shown. */
export interface LogFilter {
  readonly status: LogStatus;
  /** Empty for any. */
  readonly topic: string;
  readonly subscriptionId: number | null;
  /** A span that ends now, or times of its own. */
  readonly time: LogTime;
  /** Local times as `datetime-local` has them; empty where there is none. Only when `time` is `between`. */
  readonly from: string;
  readonly until: string;
  readonly text: string;
}

export type LogStatus = (typeof logStatuses)[number];
export type LogTime = (typeof logTimes)[number];

export const logStatuses = ['any', 'delivered', 'retry', 'failed', 'cancelled', 'waiting'] as const;
export const logTimes = ['any', '1h', '24h', '7d', 'between'] as const;

/** The whole log. */
export const wholeLog: LogFilter = {
  status: 'any',
  topic: '',
  subscriptionId: null,
  time: 'any',
  from: '',
  until: '',
  text: '',
};

/** Reads the hash of an address; what it does not know is `unknown`, and what is wrong in a query is left out. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parameters = new URLSearchParams(query);
  const [first = '', second, third, ...more] = path.split('/').filter(Boolean).map(decode);
  if (more.length > 0) return { page: 'unknown' };
  if (first === '') return { page: 'overview', range: oneOf(['24h', '1h', '7d'], parameters.get('range')) };
  if (first === 'log' && second === undefined) {
    return { page: 'log', filter: readFilter(parameters), delivery: parameters.get('delivery') };
  }
  if (first === 'deliveries' && second !== undefined && third === undefined) return { page: 'delivery', id: second };
  if (first === 'replays' && second === undefined) return { page: 'replays' };
  if (first !== 'subscriptions') return { page: 'unknown' };
  if (second === undefined) {
    const which = oneOf(['active', 'ended', 'all'] as const, parameters.get('which'));
    return { page: 'subscriptions', which, text: parameters.get('text') ?? '' };
  }
  if (second === 'new' && third === undefined) return { page: 'new' };
  const id = numberOf(second);
  if (id === null || (third !== undefined && third !== 'edit')) return { page: 'unknown' };
  return { page: third === 'edit' ? 'edit' : 'subscription', id };
}

/** The hash under which a route is found again. */
export function hashOf(route: Route): string {
  switch (route.page) {
    case 'overview':
      return withQuery('#/', { range: route.range === '24h' ? '' : route.range });
    case 'subscriptions':
      return withQuery('#/subscriptions', { which: route.which === 'active' ? '' : route.which, text: route.text });
    case 'new':
      return '#/subscriptions/new';
    case 'subscription':
      return `#/subscriptions/${route.id}`;
    case 'edit':
      return `#/subscriptions/${route.id}/edit`;
    case 'log':
      return withQuery('#/log', { ...filterQuery(route.filter), delivery: route.delivery ?? '' });
    case 'delivery':
      return `#/deliveries/${encodeURIComponent(route.id)}`;
    case 'replays':
      return '#/replays';
    case 'unknown':
      return '#/';
  }
}

function readFilter(parameters: URLSearchParams): LogFilter {
  const time = oneOf(logTimes, parameters.get('time'));
  const between = time === 'between';
  return {
    status: oneOf(logStatuses, parameters.get('status')),
    topic: parameters.get('topic') ?? '',
    subscriptionId: numberOf(parameters.get('subscription') ?? ''),
    time,
    from: between ? localTime(parameters.get('from')) : '',
    until: between ? localTime(parameters.get('until')) : '',
    text: parameters.get('text') ?? '',
  };
}

function filterQuery({ status, topic, subscriptionId, time, from, until, text }: LogFilter): Record<string, string> {
  return {
    status: status === 'any' ? '' : status,
    topic,
    subscription: subscriptionId === null ? '' : String(subscriptionId),
    time: time === 'any' ? '' : time,
    from,
    until,
    text,
  };
}

function withQuery(path: string, values: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

function oneOf<const Value extends string>(values: readonly Value[], value: string | null): Value {
  return values.find((known) => known === value) ?? (values[0] as Value);
}

function numberOf(text: string): number | null {
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

function localTime(text: string | null): string {
  return text !== null && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) ? text : '';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
