import type { ServerResponse } from 'node:http';
import { send } from '../contract/send.ts';
import { problemJson, statusOf } from './problem.ts';
import { problemOf } from './problem-of.ts';

/** Answers an error as a problem, and reports what is none of the client's doing. */
export function sendProblem(
  response: ServerResponse,
  error: unknown,
  report: (error: unknown) => void,
  headers: Readonly<Record<string, string>> = {},
): void {
  const problem = problemOf(error);
  if (problem.code === 'internal_error') report(error);
  send(response, {
    status: statusOf(problem.code),
    contentType: 'application/problem+json',
    headers: { ...headers, ...problem.headers },
    body: JSON.stringify(problemJson(problem)),
  });
}
