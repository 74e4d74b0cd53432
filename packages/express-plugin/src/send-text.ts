import type { ServerResponse } from 'node:http';
import { send } from './contract/send.ts';

/** Answers with plain text. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(response, { status, contentType: 'text/plain;charset=UTF-8', headers, body: text });
}
