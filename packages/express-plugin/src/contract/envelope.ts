import type { Account } from './authenticate.ts';
import type { Reply } from './route.ts';

/** The JSON text of a success: `{"code":0,"data":…,"account_id":1}`, with `misc` and `count` for a collection. */
export function envelope({ data, collection = false, count }: Reply, { accountId }: Pick<Account, 'accountId'>): string {
  return JSON.stringify({
    code: 0,
    data,
    account_id: accountNumber(accountId),
    ...(collection ? { misc: [] } : {}),
    ...(count === undefined ? {} : { count: String(count) }),
  });
}

/** The contract has an integer here; an account id of the host's that is none goes out as the text that it is. Ours. */
function accountNumber(accountId: string): number | string {
  const number = /^(0|-?[1-9][0-9]{0,15})$/.test(accountId) ? Number(accountId) : Number.NaN;
  return Number.isSafeInteger(number) ? number : accountId;
}
