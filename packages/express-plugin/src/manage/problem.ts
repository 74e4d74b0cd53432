import Type, { type Static } from 'typebox';
import { shown } from '../contract/refusal.ts';
import { closed } from './schema-parts.ts';

/** Every problem that the management API answers: its code, the status it has, and what it is called. */
export const problems = {
  invalid_parameter: [400, 'A parameter is wrong'],
  invalid_cursor: [400, 'The cursor is of no use here'],
  invalid_body: [400, 'The body is wrong'],
  not_authenticated: [401, 'Nobody is signed in'],
  not_permitted: [403, 'This is not permitted'],
  cross_site: [403, 'The request comes from another site'],
  not_found: [404, 'There is no such thing in this account'],
  method_not_allowed: [405, 'The method does nothing here'],
  wrong_state: [409, 'This cannot be done in its present state'],
  no_secret: [409, 'There is no secret to rotate'],
  no_headers: [409, 'Subscriptions have no headers of their own'],
  unsupported_media_type: [415, 'The body is not JSON'],
  invalid_url: [422, 'The URL cannot be used'],
  invalid_topic: [422, 'The topic is wrong'],
  unknown_format: [422, 'There is no such format'],
  too_many_requests: [429, 'Too many requests'],
  too_many_listeners: [429, 'Too many listeners'],
  internal_error: [500, 'Something went wrong here'],
  unavailable: [503, 'Not available right now'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;

/** A stable name of a problem, for programs to look at. */
export type ProblemCode = keyof typeof problems;

/** An error as it is answered, by RFC 9457. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: '`urn:hookwell:problem:` and the code.' }),
    code: Type.Enum(Object.keys(problems) as ProblemCode[], { description: 'A stable name, for programs.' }),
    title: Type.String({ description: 'What kind of problem it is, for people.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong with this request, and the way out.' }),
    name: Type.Optional(Type.String({ description: 'The parameter, or the member of the body, that is wrong.' })),
  },
  { ...closed, title: 'Problem' },
);

export type ProblemJson = Static<typeof ProblemSchema>;

/** A request that is answered with a problem. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  /** The parameter or member that is wrong. */
  readonly part: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { readonly part?: string; readonly headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.code = code;
    this.part = more.part;
    this.headers = more.headers ?? {};
  }
}

/** The problem of a path that has other methods. */
export function methodNotAllowed(method: string, methods: Iterable<string>): Problem {
  const allowed = [...methods].join(', ');
  return new Problem('method_not_allowed', `${shown(method)} does nothing here. Use ${allowed}.`, {
    headers: { Allow: allowed },
  });
}

/** The status of a problem. */
export function statusOf(code: ProblemCode): number {
  return problems[code][0];
}

/** The JSON of a problem. */
export function problemJson({ code, message, part }: Problem): ProblemJson {
  const [status, title] = problems[code];
  return {
    type: `urn:hookwell:problem:${code}`,
    code,
    title,
    status,
    detail: message,
    ...(part === undefined ? {} : { name: part }),
  };
}
