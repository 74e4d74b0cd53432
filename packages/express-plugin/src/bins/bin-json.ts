import type { Arrival, Bin } from './bin.ts';
import type { ArrivalJson, BinJson, WholeArrivalJson } from './bin-shapes.ts';

/** A bin for its page. */
export function binJson({ id, createdAt, answer, answeredSince, arrivals }: Bin): BinJson {
  const headers = answer.headers.map(([name, value]) => `${name}: ${value}`).join('\n');
  return {
    id,
    createdAt,
    answer: { ...answer, headers },
    answeredSince,
    requests: arrivals.length,
    lastAt: arrivals.at(-1)?.at ?? null,
  };
}

/** A request for lists. */
export function arrivalJson(arrival: Arrival): ArrivalJson {
  const { number, at, method, path, query, contentType, body, webhookId, attempt, signature, answered } = arrival;
  return { number, at, method, path, query, contentType, size: body.size, webhookId, attempt, signature, answered };
}

/** A request with its body. */
export function wholeArrivalJson(arrival: Arrival): WholeArrivalJson {
  const { bytes, parsed, whole, notes } = arrival.body;
  return { ...arrivalJson(arrival), headers: arrival.headers, bytes: bytes?.toString('base64') ?? null, parsed, whole, notes };
}
