import { verifySignature } from '@hookwell/core/verify';
import type { SectionContext } from '../sections.ts';
import type { ArrivedBody, Bin } from './bin.ts';
import type { SignatureFinding } from './bin-shapes.ts';

/** At most how many subscriptions to one bin are asked for their secrets. */
const maxSubscriptions = 50;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Finds out whether a request was signed by this CRM: with a secret of one of those subscriptions of the bin's account
 * whose URL is the bin's. Never rejects.
 */
export async function checkArrival(
  bin: Pick<Bin, 'id' | 'accountId'>,
  headers: Headers,
  body: ArrivedBody,
  { engine, options, report }: SectionContext,
): Promise<SignatureFinding> {
  if (headers['webhook-signature'] === undefined) return unsigned;
  if (!body.whole || body.bytes === null) return unchecked('It is signed, but not all bytes of its body are known here.');
  const { secrets: keeper } = options;
  if (!keeper) return unchecked('It is signed. Enter the secret to check it.');
  try {
    const here = `/in/${bin.id}`;
    const { rows } = await engine.subscriptions.list(bin.accountId, {
      where: { kind: 'compare', field: 'url', operator: 'LIKE', value: `%${here}%` },
      limit: maxSubscriptions,
    });
    const secrets = rows.flatMap((subscription) => keeper.secretsOf(subscription));
    if (secrets.length === 0) {
      return unchecked(
        'It is signed, and no subscription of this account has a secret and this URL. Enter the secret to check it.',
      );
    }
    const verified = verifySignature({ headers, body: body.bytes, secrets, now: options.now });
    return verified.ok ? { state: 'verified', reason: '' } : { state: 'wrong', reason: verified.reason };
  } catch (error) {
    report(error);
    return unchecked('It is signed, and its secret could not be looked up. Enter it to check it.');
  }
}

const unsigned: SignatureFinding = { state: 'unsigned', reason: 'It has no signature.' };

function unchecked(reason: string): SignatureFinding {
  return { state: 'unchecked', reason };
}
