import type { Engine } from '@hookwell/core';
import type { Permission } from '../options.ts';
import type { Account } from './authenticate.ts';
import type { Parameters } from './parameters.ts';

/** What an endpoint is called with. */
export interface Call {
  readonly engine: Pick<Engine, 'subscriptions' | 'deliveries'>;
  readonly account: Account;
  readonly parameters: Parameters;
}

/** What an endpoint answers, before it is put into the envelope. */
export interface Reply {
  readonly data: unknown;
  /** Whether it is a page of a collection. */
  readonly collection?: boolean;
  /** How many there are in all, when that was asked for. */
  readonly count?: number;
}

/** A path of the contract. */
export interface Route {
  readonly methods: readonly string[];
  readonly permission: Permission;
  readonly run: (call: Call) => Promise<Reply>;
}
