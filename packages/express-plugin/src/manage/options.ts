import Type from 'typebox';
import type { SecretKeeper } from '../secret-keeper.ts';

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
      description: 'What keeps a signing secret for each subscription, so that accounts can rotate theirs.',
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
