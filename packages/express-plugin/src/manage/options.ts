import Type from 'typebox';
import type { FilterKeeper, HeaderKeeper, SecretKeeper } from '@hookwell/core';

/** The options of the management API. */
export const manageOptions = {
  manage: Type.Optional(
    Type.Boolean({
      description:
        'Serves `manage/…`: a JSON API over subscriptions, deliveries and the log, for pages and for screens of your own. On by itself where `console` is given.',
    }),
  ),
  secrets: Type.Optional(
    Type.Unsafe<SecretKeeper>({
      type: 'object',
      description:
        'What keeps a signing secret for each subscription, such as `managedSecrets()`, so that accounts can rotate theirs.',
    }),
  ),
  headers: Type.Optional(
    Type.Unsafe<HeaderKeeper>({
      type: 'object',
      description:
        'What keeps headers of its own for each subscription, such as `managedHeaders()`, so that accounts can choose theirs.',
    }),
  ),
  filters: Type.Optional(
    Type.Unsafe<Pick<FilterKeeper, 'filterOf' | 'preview'>>({
      type: 'object',
      description: 'What knows the filters of subscriptions: `filters()`, so that accounts can see, set and try theirs.',
    }),
  ),
  now: Type.Unsafe<() => number>({
    default: Date.now,
    description: 'The clock, in milliseconds since the epoch, for what is asked for without saying when.',
  }),
};

/** Whether the management API is served. */
export function isManaged({ manage, console }: { readonly manage?: boolean; readonly console?: object }): boolean {
  return manage ?? console !== undefined;
}

/** Every member of what knows filters that is called, for checks at run time. */
export const filterKeeperMembers = ['filterOf', 'preview'] as const satisfies readonly (keyof FilterKeeper)[];

/** Every member of what keeps secrets, for checks at run time. */
export const secretKeeperMembers = ['rotate', 'secretsOf'] as const satisfies readonly (keyof SecretKeeper)[];

/** Every member of what keeps headers that the management API asks for. */
export const headerKeeperMembers = ['seal', 'headersOf'] as const satisfies readonly (keyof HeaderKeeper)[];
