import type { ServerResponse } from 'node:http';
import type { Static, TObject, TSchema } from 'typebox';
import type { Permission, WebhooksOptions } from '../options.ts';
import type { HostRequest } from '../request.ts';
import type { WebhooksEngine } from '../webhooks.ts';
import type { LiveHub } from './live-hub.ts';
import type { ProblemCode } from './problem.ts';

/** What all calls of one mount share. */
export interface ManageContext {
  readonly engine: WebhooksEngine;
  readonly options: WebhooksOptions;
  readonly report: (error: unknown) => void;
  readonly live: LiveHub;
}

/** What a route is run with, read and checked by its schemas. */
export interface ManageCall<Path, Query, Body> extends ManageContext {
  readonly accountId: string;
  /** What every answer carries, for a route that sends its own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

/** What the schemas of a route make of a request. `TObject` for what it does not take. */
type Read<Schema extends TObject | null> = Schema extends TObject ? Static<Schema> : null;

/** A good answer. */
export interface ManageAnswer<Schema extends TSchema | null = TSchema | null> {
  readonly status: 200 | 201 | 204;
  readonly description: string;
  /** `application/json` but for streams. */
  readonly contentType: 'application/json' | 'text/event-stream';
  /** Of the body, or of the data of each event of a stream; null when there is none. */
  readonly schema: Schema;
  /** An answer as it may look; undefined when it has no body. */
  readonly example: Schema extends TSchema ? Static<Schema> : undefined;
}

/**
 * A route of the management API: what the router goes by, and what the OpenAPI document is made of. Every route may also
 * answer `not_authenticated`, `not_permitted`, `too_many_requests`, `internal_error` and `unavailable`.
 */
export interface ManageRoute {
  /** The `operationId`, such as `listSubscriptions`. */
  readonly id: string;
  readonly tag: 'Subscriptions' | 'Deliveries' | 'Replays' | 'Attempts' | 'Statistics' | 'Catalog' | 'Live';
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the mount point, with a template: `/manage/subscriptions/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** What a key pair must be permitted; a session may do everything. */
  readonly permission: Permission;
  readonly parameters: TObject | null;
  /** A property whose type is `array` is written with commas between. */
  readonly query: TObject | null;
  readonly body: { readonly schema: TObject; readonly required: boolean; readonly example: unknown } | null;
  readonly answer: ManageAnswer;
  /** Beyond those of every route. */
  readonly errors: readonly ProblemCode[];
  /** Answers the body; undefined when it has sent the answer itself, or when there is none. */
  readonly run: (call: ManageCall<never, never, never>, request: HostRequest, response: ServerResponse) => Promise<unknown>;
}

/** The problems of every route. */
export const commonErrors = [
  'not_authenticated',
  'not_permitted',
  'too_many_requests',
  'internal_error',
  'unavailable',
] as const satisfies readonly ProblemCode[];

/** A route whose `run` and examples are checked against its schemas. */
export function defineRoute<
  Path extends TObject | null,
  Query extends TObject | null,
  Body extends TObject | null,
  Answer extends TSchema | null,
>(
  route: Omit<ManageRoute, 'parameters' | 'query' | 'body' | 'answer' | 'run'> & {
    readonly parameters: Path;
    readonly query: Query;
    readonly body: Body extends TObject
      ? { readonly schema: Body; readonly required: boolean; readonly example: Static<Body> }
      : null;
    readonly answer: ManageAnswer<Answer>;
    readonly run: (
      call: ManageCall<Read<Path>, Read<Query>, Read<Body>>,
      request: HostRequest,
      response: ServerResponse,
    ) => Promise<Answer extends TSchema ? Static<Answer> | undefined : undefined>;
  },
): ManageRoute {
  return route;
}
