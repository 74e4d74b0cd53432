import { span } from '../look/format.ts';
import { statusName } from './status-name.ts';
import { sentence } from './words.ts';

/** What happened, and what the reader can do about it. */
export interface Explanation {
  readonly what: string;
  /** Empty when there is nothing to do. */
  readonly advice: string;
}

/** The part of an attempt that says why. */
interface Told {
  readonly outcome: 'delivered' | 'retry' | 'failed' | 'cancelled';
  readonly reason: string;
  readonly status: number;
}

const statusAdvice: Readonly<Record<number, string>> = {
  401: 'It wants a login or a key, which webhooks do not carry. Let this address take requests without one, and check their signature instead.',
  403: 'Something there refuses the request: a login, a firewall or a list of allowed senders.',
  404: 'Check the path of the URL: the server works, and has nothing there.',
  405: 'The address takes no POST requests. Check the path of the URL, or let it take POST.',
  410: 'The server says that it wants no more: the subscription has ended. Make a new one if that was a mistake.',
  413: 'Let the server take larger requests, or choose a smaller format such as lightweight or notify.',
  415: 'The server does not take this encoding. Change the subscription to the other one, form or JSON.',
  429: 'It is asked again less often. If this goes on, let the server take more requests at once.',
  500: 'The program at that address had an error. Look at its own log for this time.',
  502: 'The program behind that address was not running. Check that it is.',
  503: 'The server is down for the moment, or has too much to do.',
  504: 'The program behind that address took too long. Let it answer first, and work afterwards.',
};

interface Rule {
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray) => Explanation;
}

const plain = (what: string, advice: string) => (): Explanation => ({ what, advice });

const ours = 'This is not the fault of the receiver, and is not held against it.';

const rules: readonly Rule[] = [
  {
    pattern: /^no answer within (\d+) ms/,
    explain: ([, ms]) => ({
      what: `The server took the connection, and gave no answer within ${span(Number(ms))}.`,
      advice: 'Let it answer first, and do its work afterwards.',
    }),
  },
  {
    pattern: /^no connection within (\d+) ms|^connection timed out/,
    explain: ([, ms]) => ({
      what: `No connection came about${ms === undefined ? '' : ` within ${span(Number(ms))}`}.`,
      advice: 'The server is off, or a firewall swallows the request. Check host and port of the URL.',
    }),
  },
  {
    pattern: /^no more of the answer within (\d+) ms/,
    explain: ([, ms]) => ({
      what: `The answer began, and then nothing came for ${span(Number(ms))}.`,
      advice: 'Let the server end its answer at once; nothing in it is needed.',
    }),
  },
  {
    pattern: /^connection refused/,
    explain: plain('Nothing listens at that address.', 'The server is not running, or the port in the URL is wrong.'),
  },
  {
    pattern: /^connection (reset|closed)/,
    explain: plain(
      'The server ended the connection without an answer.',
      'It may have crashed, or something before it cut it off.',
    ),
  },
  {
    pattern: /^host name not found|^host name could not be resolved$/,
    explain: plain('There is no host of that name.', 'Check the spelling of the URL, and that its name is in the DNS.'),
  },
  {
    pattern: /^host name could not be resolved for now/,
    explain: plain('The name of the host could not be looked up for now.', 'If this goes on, check its entries in the DNS.'),
  },
  {
    pattern: /^(host|network) not reachable/,
    explain: plain('There is no way to that host.', 'Check that its address can be reached from the internet.'),
  },
  {
    pattern: /^TLS certificate not accepted/,
    explain: plain(
      'The certificate of the server is not valid.',
      'It may have run out, be made for another name, or lack the certificates between it and its issuer.',
    ),
  },
  {
    pattern: /^TLS handshake failed/,
    explain: plain('No secure connection came about.', 'Check that the server speaks TLS on the port of the URL.'),
  },
  {
    pattern: /not valid HTTP|not as long as its content-length|^invalid status|headers of the answer/,
    explain: plain('What the server answered is not valid HTTP.', 'Check which program listens at that address.'),
  },
  {
    pattern: /^internal_error/,
    explain: plain('The payload could not be made here.', `${ours} Tell the operator of this site.`),
  },
  {
    pattern: /^quarantined/,
    explain: plain(
      'Sending it stopped our own program several times, so it was given up.',
      `${ours} Tell the operator of this site.`,
    ),
  },
  {
    pattern: /^(this process|this machine|no network|no host name|the network of|the resolver of)/,
    explain: plain('Our own machine had trouble.', ours),
  },
];

/** What is said of an attempt that was the last one because the next one would come too late. */
const tooLate = / \(its next attempt would be due at [^)]*\)$/;

/** What an attempt came to, for somebody who knows nothing of queues. */
export function explain(told: Told): Explanation {
  const { outcome, status } = told;
  if (outcome === 'delivered') return { what: `The server answered ${statusName(status)}.`, advice: '' };
  const reason = told.reason.replace(tooLate, '');
  if (reason !== told.reason) {
    const { what, advice } = explain({ ...told, reason });
    return { what: `${what} It was not tried again, because its event expires before that.`, advice };
  }
  const base = reason.replace(/ \(probe of a suspended subscription\)$/, '');
  if (outcome !== 'cancelled' && status >= 300 && /^HTTP \d+(?!.*incomplete)/.test(base)) return explainStatus(status);
  for (const { pattern, explain: tell } of rules) {
    const match = pattern.exec(base);
    if (match) return tell(match);
  }
  return { what: sentence(base), advice: '' };
}

function explainStatus(status: number): Explanation {
  const what = `The server answered ${statusName(status)}.`;
  const advice = statusAdvice[status];
  if (advice !== undefined) return { what, advice };
  if (status < 400) return { what, advice: 'Redirects are not followed: enter the address that it leads to as the URL.' };
  if (status < 500) return { what, advice: 'The server did not take the request as it is. Its answer may say why.' };
  return { what, advice: 'The server had trouble of its own. Look at its log for this time.' };
}

/** Whether an attempt was a trial while its subscription is suspended. */
export function isProbe({ reason }: Pick<Told, 'reason'>): boolean {
  return reason.replace(tooLate, '').endsWith('(probe of a suspended subscription)');
}
