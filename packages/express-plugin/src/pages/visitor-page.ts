import type { ServerResponse } from 'node:http';
import { admitVisitor, type AdmitVisitorContext } from '../admit-visitor.ts';
import { failureOf } from '../contract/failure.ts';
import { Refusal } from '../contract/refusal.ts';
import { send } from '../contract/send.ts';
import type { HostRequest } from '../request.ts';
import type { KnownVisitor } from '../visitor.ts';
import { sendSignIn, type WantedPage } from './sign-in.ts';

/** Whose page is asked for. Who is nobody is shown where to sign in, or told to wait: then null is answered. */
export async function pageVisitor(
  request: HostRequest,
  response: ServerResponse,
  context: AdmitVisitorContext,
  page: WantedPage,
): Promise<KnownVisitor | null> {
  const headers: Record<string, string> = {};
  try {
    const visitor = await admitVisitor(request, context, headers);
    if (!visitor) await sendSignIn(response, page);
    return visitor;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, text, headers: more } = failureOf(error);
    send(response, { status, contentType: 'text/html;charset=UTF-8', headers: { ...headers, ...more }, body: text });
    return null;
  }
}
