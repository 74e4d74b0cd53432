import type { BinBounds } from '../src/bins/bins-options.ts';
import { binRoutes } from '../src/bins/bin-routes.ts';
import type { BinStore } from '../src/bins/bin-store.ts';
import { routes } from '../src/contract/routes.ts';
import { manageRoutes } from '../src/manage/routes.ts';
import { keysOf, query, type Wish } from './host.ts';

/** What an account has that others may name. Texts, because a malformed one is not of its type. */
export interface Ids {
  readonly subscription: string;
  readonly delivery: string;
  readonly event: string;
  readonly attempt: string;
  readonly replay: string;
  readonly bin: string;
  readonly request: string;
}

/** One request of the matrix. */
export interface Cell {
  /** The same for every id, so that answers can be told apart by it. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly wish: Wish;
  /** Whether its answer does not end by itself once it is given. */
  readonly streams: boolean;
}

const verbs = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'] as const;

/** How somebody says who they are. */
type Who = 'key' | 'session';

function wishOf(who: Who, account: '1' | '2'): Wish {
  if (who === 'key') return { as: null, headers: keysOf(`app-${account}`) };
  return { as: null, headers: { Cookie: `session=${account}`, 'Sec-Fetch-Site': 'same-origin' } };
}

/** Every route with every verb, with these ids in each place that takes one, asked by an account. */
export function cells(ids: Ids, account: '1' | '2'): readonly Cell[] {
  return [...contractCells(ids, account), ...manageCells(ids, account), ...binCells(ids, account)];
}

function* contractCells(ids: Ids, account: '1' | '2'): Generator<Cell> {
  const wish = wishOf('key', account);
  for (const path of routes.keys()) {
    const id = path.startsWith('/WebhookLog') ? ids.attempt : ids.subscription;
    const condition = JSON.stringify([{ field: { field: 'id' }, op: '=', value: { value: id } }]);
    for (const method of verbs) {
      const cell = (where: string, rest: string, more: Wish = {}): Cell => ({
        name: `${method} ${path} by ${where}`,
        method,
        path: `${path}${rest}`,
        wish: { ...wish, ...more },
        streams: false,
      });
      yield cell('id', query({ id }));
      yield cell('ids', query({ ids: id }));
      yield cell('condition', query({ condition }));
      if (path === '/WebhookLogs') {
        for (const [field, value] of [
          ['webhook_id', ids.subscription],
          ['delivery_id', ids.delivery],
        ] as const) {
          yield cell(field, query({ condition: JSON.stringify([{ field: { field }, op: '=', value: { value } }]) }));
        }
      }
      if (method === 'HEAD' || method === 'OPTIONS') continue;
      yield cell('form', '', { form: new URLSearchParams({ id }).toString() });
      yield cell('json', '', { json: { id } });
    }
  }
}

function* manageCells(ids: Ids, account: '1' | '2'): Generator<Cell> {
  for (const path of new Set(manageRoutes.map((route) => route.path))) {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const id = path.startsWith('/manage/subscriptions/')
        ? ids.subscription
        : path.startsWith('/manage/deliveries/')
          ? ids.delivery
          : path.startsWith('/manage/events/')
            ? ids.event
            : path.startsWith('/manage/replays/')
              ? ids.replay
              : null;
      if (name !== 'id' || id === null) throw new Error(`the matrix does not know what stands for ${name} in ${path}`);
      return encodeURIComponent(id);
    });
    for (const method of verbs) {
      const route = manageRoutes.find((one) => one.path === path && one.method === method);
      const named = Object.keys(route?.query?.properties ?? {}).filter((name) => name.endsWith('Id'));
      for (const who of ['key', 'session'] as const) {
        const wish = { ...wishOf(who, account), ...(route?.body ? { json: route.body.example } : {}) };
        const streams = route?.answer.contentType === 'text/event-stream';
        const cell = (where: string, rest: string): Cell => ({
          name: `${method} ${path} by ${where} and ${who}`,
          method,
          path: `${filled}${rest}`,
          wish,
          streams,
        });
        yield cell('path', '');
        for (const name of named) {
          const id = { subscriptionId: ids.subscription, deliveryId: ids.delivery, eventId: ids.event }[name];
          if (id === undefined) throw new Error(`the matrix does not know what to send as ${name} to ${path}`);
          yield cell(name, query({ [name]: id }));
        }
      }
    }
  }
}

function* binCells(ids: Ids, account: '1' | '2'): Generator<Cell> {
  // The table needs neither to say what routes there are.
  const table = binRoutes({} as BinStore, {} as BinBounds);
  for (const path of new Set(table.map((route) => route.path))) {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const id = { bin: ids.bin, number: ids.request }[name];
      if (id === undefined) throw new Error(`the matrix does not know what stands for ${name} in ${path}`);
      return encodeURIComponent(id);
    });
    for (const method of verbs) {
      const route = table.find((one) => one.path === path && one.method === method);
      const json = method === 'PUT' ? { json: { status: 202 } } : {};
      const wish = { ...wishOf('session', account), ...json };
      yield { name: `${method} ${path}`, method, path: filled, wish, streams: route?.streams === true };
    }
  }
}
