import { HookwellError } from '../errors.ts';
import { shown } from './shown.ts';

/** A header that an owner wants each request to carry. */
export interface RequestHeader {
  readonly name: string;
  /** Taken for a secret: no message shows it. */
  readonly value: string;
}

/** How requests say to a receiver who sends them. */
export type RequestAuth =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string };

/** The most headers that a subscription may have of its own, `Authorization` included. */
export const maxRequestHeaders = 20;
/** What fits beside a subscription once it is sealed, names and values together. */
export const maxRequestHeadersLength = 2_400;

const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const headerValue = /^[\x20-\x7e]{1,4096}$/;

/** What says where a request goes, how it is framed, by which way it came, and what the engine says of it itself. */
const reserved =
  /^(?:host|content-.*|transfer-encoding|connection|keep-alive|proxy-.*|te|trailer|upgrade|expect|forwarded|x-forwarded-.*|via|accept-encoding|user-agent|webhook-.*|sec-.*)$/i;

/** Whether a header is neither an owner's nor a plugin's to choose, because it says how a request is sent, and by whom. */
export function isReservedHeader(name: string): boolean {
  return reserved.test(name);
}

/**
 * Checks the headers that an owner wants, and answers them with that of `auth` in front.
 *
 * @throws {HookwellError} `invalid_input`, which never shows a value
 */
export function checkRequestHeaders(headers: readonly RequestHeader[], auth: RequestAuth | null): readonly RequestHeader[] {
  if (!Array.isArray(headers)) throw wrong('the headers are no list', 'pass a list of {name, value}');
  const all = [...(auth === null ? [] : [authorization(auth)]), ...(headers as readonly RequestHeader[])];
  if (all.length > maxRequestHeaders) throw wrong(`there are ${all.length} headers`, `at most ${maxRequestHeaders} are sent`);
  const seen = new Set<string>();
  let length = 0;
  const checked = all.map((header) => {
    const { name, value } = (header ?? {}) as Partial<RequestHeader>;
    if (typeof name !== 'string' || !headerName.test(name)) {
      throw wrong(`${shown(name)} is no name of a header`, "pass 1 to 64 letters, digits and any of !#$%&'*+.^_`|~-");
    }
    if (isReservedHeader(name)) {
      throw wrong(
        `the header ${shown(name)} is not an owner's to send`,
        'it says how the request is sent, and by whom; choose another name',
      );
    }
    if (seen.has(name.toLowerCase())) throw wrong(`the header ${shown(name)} is there twice`, 'pass each name once');
    if (typeof value !== 'string' || !headerValue.test(value) || value.trim() !== value) {
      throw wrong(
        `the value of ${shown(name)} cannot be sent`,
        'pass 1 to 4096 printable ASCII characters, without spaces around them',
      );
    }
    seen.add(name.toLowerCase());
    length += name.length + value.length;
    return { name, value };
  });
  if (length > maxRequestHeadersLength) {
    throw wrong(
      `the headers have ${length} characters`,
      `at most ${maxRequestHeadersLength} are kept, names and values together`,
    );
  }
  return checked;
}

function authorization(auth: RequestAuth): RequestHeader {
  if (auth?.type === 'bearer' && typeof auth.token === 'string' && /^[A-Za-z0-9._~+/-]{1,2000}=*$/.test(auth.token)) {
    return { name: 'authorization', value: `Bearer ${auth.token}` };
  }
  if (auth?.type === 'basic' && isText(auth.username) && !auth.username.includes(':') && isText(auth.password)) {
    return { name: 'authorization', value: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` };
  }
  throw wrong(
    'the auth can be neither Basic nor Bearer',
    'pass {type: "bearer", token} with a token of letters, digits and ._~+/-=, or {type: "basic", username, password} of 1 to 500 characters without control characters, and no colon in the username',
  );
}

function isText(text: unknown): text is string {
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  return typeof text === 'string' && /^[^\x00-\x1f\x7f]{1,500}$/.test(text) && text.isWellFormed();
}

function wrong(problem: string, way: string): HookwellError {
  return new HookwellError('invalid_input', `Invalid headers of a subscription: ${problem}; ${way}.`);
}
