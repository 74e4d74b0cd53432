import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError } from '../errors.ts';
import type { AccountId } from '../model/account.ts';
import { checkRequestHeaders, type RequestAuth, type RequestHeader } from '../model/request-headers.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Plugin } from '../plugin.ts';
import type { SealingKey } from './key-ring.ts';
import type { SecretsEngine } from './managed-secrets.ts';
import type { Accounts, RekeyEngine, RekeyResult } from './rekey.ts';
import { sealedAttribute } from './sealed-attribute.ts';

/** The options of `managedHeaders`: type, default and manual in one. */
export const ManagedHeadersOptionsSchema = Type.Object(
  {
    keys: Type.Unsafe<readonly SealingKey[]>({
      description:
        'What headers are sealed with in the database: the first one seals, all of them open. `id` names a key, `key` is the base64 of 32 random bytes.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `managedHeaders`. */
export type ManagedHeadersOptions = Readonly<Static<typeof ManagedHeadersOptionsSchema>>;

/** What the requests of a subscription are to carry. */
export interface HeadersInput {
  /** At most 20, of names that say nothing of how a request is sent. */
  readonly headers?: readonly RequestHeader[] | undefined;
  /** What is sent as `Authorization`. */
  readonly auth?: RequestAuth | null | undefined;
}

/** What may be seen of a header. */
export interface HeaderInfo {
  readonly name: string;
  /** The last four characters of its value; empty when it has fewer than 16. */
  readonly last4: string;
}

/** Whose headers are sealed: those of a subscription, or of one that an account is to have. */
export type HeadersOwner = Pick<Subscription, 'accountId'> & Partial<Pick<Subscription, 'id' | 'attributes'>>;

/** Knows the headers of each subscription. */
export interface HeaderKeeper {
  /**
   * The attributes to make a subscription with, or to give it, so that its requests carry these headers from then on.
   * `headers` left out keeps those that it has, `auth` left out its `Authorization`; null removes that.
   * @throws {HookwellError} `invalid_input`, which never shows a value
   */
  readonly seal: (owner: HeadersOwner, input: HeadersInput) => Readonly<Record<string, string | null>>;
  /**
   * Puts these in the place of the headers that a subscription has; none removes them.
   * @throws {HookwellError} `not_found`, and `invalid_input`, which never shows a value
   */
  readonly set: (engine: SecretsEngine, accountId: AccountId, id: number, input: HeadersInput) => Promise<readonly HeaderInfo[]>;
  /** The names of a subscription's headers, with the ends of their values. Values are shown to nobody again. */
  readonly headersOf: (subscription: Pick<Subscription, 'accountId' | 'id' | 'attributes'>) => readonly HeaderInfo[];
  /**
   * Seals what these accounts have with the first key. It can be stopped and begun again; a call of `set` for the same
   * subscription at the same instant may be lost, so let it run while nobody changes headers.
   */
  readonly rekey: (engine: RekeyEngine, accounts: Accounts) => Promise<RekeyResult>;
}

const attribute = 'request-headers';

/**
 * Lets requests carry headers that owners have chosen, `Authorization` among them, and keeps them sealed beside the
 * subscription, under keys that are not in the database.
 *
 * @throws {HookwellError} `invalid_option`, which never shows a key
 * @example
 * const headers = managedHeaders({ keys: [{ id: '2026', key: process.env.WEBHOOK_KEY }] })
 * const engine = createEngine({ …, plugins: [headers] })
 * await headers.set(engine, accountId, subscription.id, { auth: { type: 'bearer', token } })
 */
export const managedHeaders: (options: ManagedHeadersOptions) => Plugin & HeaderKeeper = definePlugin({
  name: 'managed-headers',
  options: ManagedHeadersOptionsSchema,
  setup,
});

function setup({ keys }: ManagedHeadersOptions): PluginSetup<HeaderKeeper> {
  /** Names and values in turn, as requests carry them. */
  const kept = sealedAttribute<readonly string[]>(keys, attribute, 'managedHeaders');

  function seal(
    { accountId, id, attributes = {} }: HeadersOwner,
    { headers, auth }: HeadersInput,
  ): Record<string, string | null> {
    const own = headers !== undefined && auth !== undefined ? null : kept.read({ accountId, id, attributes });
    const flat = checkRequestHeaders(...wanted(own ?? [], headers, auth)).flatMap(({ name, value }) => [name, value]);
    if (flat.length > 0) return kept.seal(flat, { accountId, id });
    return attributes[attribute] === undefined ? {} : { [attribute]: null };
  }

  return {
    request: ({ subscription }) => kept.read(subscription) ?? [],

    attributes: { [attribute]: checkSealed },

    api: {
      seal,

      async set(engine, accountId, id, { headers = [], auth = null }) {
        const subscription = await engine.subscriptions.get(accountId, id);
        const updated = await engine.subscriptions.update(accountId, id, { attributes: seal(subscription, { headers, auth }) });
        return infoOf(kept.read(updated) ?? []);
      },

      headersOf: (subscription) => infoOf(kept.read(subscription) ?? []),

      rekey: kept.rekey,
    },
  };
}

/** Whoever passes headers as they are would have them stored so. */
function checkSealed(text: string): void {
  if (/^[A-Za-z0-9_-]{1,32}(?:\.[A-Za-z0-9_-]+){2}$/.test(text)) return;
  throw new HookwellError(
    'invalid_input',
    `The attribute "${attribute}" is not sealed: pass what \`seal\` of managedHeaders answers.`,
  );
}

const isAuthorization = ({ name }: Partial<RequestHeader>): boolean => name?.toLowerCase() === 'authorization';

/** Those that it has, with what is left out of the input taken from them. */
function wanted(
  own: readonly string[],
  headers: HeadersInput['headers'],
  auth: HeadersInput['auth'],
): readonly [headers: readonly RequestHeader[], auth: RequestAuth | null] {
  const has: RequestHeader[] = [];
  for (let index = 0; index < own.length; index += 2) has.push({ name: own[index] ?? '', value: own[index + 1] ?? '' });
  const others = headers ?? has.filter((header) => !isAuthorization(header));
  if (auth !== undefined || !Array.isArray(others)) return [others, auth ?? null];
  const named = others.some((header: Partial<RequestHeader> | null) => header !== null && isAuthorization(header));
  return [[...(named ? [] : has.filter(isAuthorization)), ...others], null];
}

function infoOf(flat: readonly string[]): readonly HeaderInfo[] {
  const infos: HeaderInfo[] = [];
  for (let index = 0; index < flat.length; index += 2) {
    const value = flat[index + 1] ?? '';
    infos.push({ name: flat[index] ?? '', last4: value.length < 16 ? '' : value.slice(-4) });
  }
  return infos;
}
