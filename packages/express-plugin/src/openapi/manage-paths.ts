import { problems, ProblemSchema, type ProblemCode, type ProblemJson } from '../manage/problem.ts';
import { commonErrors, type ManageRoute } from '../manage/route.ts';
import { manageRoutes } from '../manage/routes.ts';
import { limitHeaders, type DocumentedLimit } from './contract-paths.ts';
import { parametersOf } from './parameters.ts';
import type { Json, SchemaComponents } from './schema-components.ts';

/** What the tags of the management API are about, in the order of the document. */
export const manageTags: Readonly<Record<ManageRoute['tag'], string>> = {
  Subscriptions: 'Management API: subscriptions and how their endpoints are doing.',
  Deliveries: 'Management API: what is on its way, and every delivery with all that is known of it.',
  Replays: 'Management API: jobs that send many deliveries again.',
  Attempts: 'Management API: the log, attempt by attempt.',
  Statistics: 'Management API: figures for charts.',
  Catalog: 'Management API: the events and objects that there are.',
  Live: 'Management API: to be told when something changes.',
};

/** The paths of the management API. */
export function managePaths(limit: DocumentedLimit, session: boolean, { use }: SchemaComponents): Json {
  const paths: Record<string, Json> = {};
  for (const route of manageRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, limit, session, use) };
  }
  return paths;
}

function operation(route: ManageRoute, limit: DocumentedLimit, session: boolean, use: (schema: unknown) => Json): Json {
  const { id, tag, summary, description, parameters, query, body, answer, errors } = route;
  const all = [...parametersOf(parameters, 'path', use), ...parametersOf(query, 'query', use)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: [{ appId: [], apiKey: [] }, ...(session ? [{ session: [] }] : [])],
    ...(all.length > 0 ? { parameters: all } : {}),
    ...(body
      ? {
          requestBody: {
            required: body.required,
            content: { 'application/json': { schema: use(body.schema), example: body.example } },
          },
        }
      : {}),
    responses: { [answer.status]: goodAnswer(answer, limit, use), ...problemAnswers([...commonErrors, ...errors], limit, use) },
  };
}

function goodAnswer(answer: ManageRoute['answer'], limit: DocumentedLimit, use: (schema: unknown) => Json): Json {
  const { description, contentType, schema, example } = answer;
  const headers = limitHeaders(limit);
  if (!schema) return { description, ...headers };
  if (contentType === 'application/json') {
    return { description, ...headers, content: { [contentType]: { schema: use(schema), example } } };
  }
  const stream = { type: 'string', description: 'Server-sent events; `data` of each is this JSON.' };
  const text = `event: change\ndata: ${JSON.stringify(example)}\n\n`;
  return {
    description,
    ...headers,
    content: {
      [contentType]: { schema: { ...stream, contentMediaType: 'application/json', contentSchema: use(schema) }, example: text },
    },
  };
}

/** The problems by their statuses: several may share one. */
function problemAnswers(codes: readonly ProblemCode[], limit: DocumentedLimit, use: (schema: unknown) => Json): Json {
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code][0]);
  const answers = [...byStatus].map(([status, some]) => [
    status,
    {
      description: some.map((code) => `\`${code}\`: ${problems[code][1]}.`).join(' '),
      ...limitHeaders(limit),
      content: {
        'application/problem+json': {
          schema: use(ProblemSchema),
          examples: Object.fromEntries(some.map((code) => [code, { value: problemExample(code) }])),
        },
      },
    },
  ]);
  return Object.fromEntries(answers) as Json;
}

function problemExample(code: ProblemCode): ProblemJson {
  const [status, title] = problems[code];
  return { type: `urn:hookwell:problem:${code}`, code, title, status, detail: 'What is wrong, and the way out.' };
}
