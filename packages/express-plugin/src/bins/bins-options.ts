import { HookwellError } from '@hookwell/core';
import Type from 'typebox';
import type { WebhooksOptions } from '../options.ts';

const mebibyte = 1_048_576;
const day = 86_400_000;

/** The option `bins`. */
export const binsOptions = Type.Optional(
  Type.Object(
    {
      enabled: Type.Optional(
        Type.Boolean({ description: 'Whether bins can be made and written to. In production only where this says so.' }),
      ),
      perAccount: Type.Integer({
        default: 20,
        minimum: 1,
        maximum: 1_000,
        description: 'Bins of one account; a new one takes the place of its oldest.',
      }),
      inAll: Type.Integer({
        default: 1_000,
        minimum: 1,
        maximum: 100_000,
        description: 'Bins of all accounts; beyond, an account can only replace its own.',
      }),
      requestsPerBin: Type.Integer({
        default: 100,
        minimum: 1,
        maximum: 10_000,
        description: 'Requests that a bin keeps, the newest ones.',
      }),
      bytesPerRequest: Type.Integer({
        default: mebibyte / 4,
        minimum: 0,
        maximum: 16 * mebibyte,
        description: 'Bytes of a body that are kept; the rest is counted and dropped, and the request answered all the same.',
      }),
      bytesPerAccount: Type.Integer({
        default: 16 * mebibyte,
        minimum: 65_536,
        maximum: 1_024 * mebibyte,
        description: 'Bytes that all bins of an account keep together; its oldest requests go first.',
      }),
      bytesInAll: Type.Integer({
        default: 256 * mebibyte,
        minimum: 65_536,
        maximum: 16_384 * mebibyte,
        description: 'Bytes that all bins keep together; beyond, an account can only replace its own.',
      }),
      ageMs: Type.Integer({
        default: 3 * day,
        minimum: 60_000,
        maximum: 365 * day,
        description: 'How long a request is kept, and a bin that nobody uses.',
      }),
      bodyMs: Type.Integer({
        default: 10_000,
        minimum: 100,
        maximum: 300_000,
        description: 'How long a body may take to arrive; what is there by then is kept and answered.',
      }),
    },
    {
      additionalProperties: false,
      description:
        'Serves `bins`: URLs of this host that show what is sent to them. Needs `console`, whose accounts they belong to. They live in the memory of the process.',
    },
  ),
);

/** The bounds of bins. */
export type BinBounds = NonNullable<WebhooksOptions['bins']>;

/** Whether bins can be made and written to. */
export function binsAreOn({ bins }: Pick<WebhooksOptions, 'bins'>): boolean {
  return bins !== undefined && (bins.enabled ?? !isProduction());
}

/** Whether the host says that it serves real customers. */
export function isProduction(): boolean {
  return process.env['NODE_ENV'] === 'production';
}

/** @throws {HookwellError} `invalid_option` when nobody could own a bin */
export function checkBinsOptions({ bins, console }: Pick<WebhooksOptions, 'bins' | 'console'>): void {
  if (bins && !console) {
    throw new HookwellError(
      'invalid_option',
      'webhooks: option "bins" needs the option "console": its "authenticate" says whose a bin is.',
      { value: bins },
    );
  }
}
