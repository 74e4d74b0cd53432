import { shuffled } from './random.ts';

/**
 * What an endpoint does with a request that it has read: answers 200, never answers, answers a byte a second, resets the
 * connection, or answers 429 with a Retry-After. The order is that of the numbers by which they are told.
 */
export const behaviours = ['ok', 'hang', 'drip', 'reset', 'busy'] as const;
export type Behaviour = (typeof behaviours)[number];

/** Of 20 endpoints that are next to each other in how much they get, so many are sick. */
const sickOfTwenty = ['hang', 'hang', 'drip', 'reset', 'busy'] as const satisfies readonly Behaviour[];
const stratum = 20;

/** What busy endpoints ask for, in seconds. */
export const retryAfterSeconds = 5;

/**
 * Makes a quarter of the endpoints sick: 10 % hang, 5 % drip, 5 % reset and 5 % are busy, drawn within each 20 that are
 * next to each other in how much they get, so that busy and quiet endpoints have the same share of sick ones.
 *
 * @param endpointOfRank endpoints by rank, the busiest first
 * @returns a behaviour for each endpoint
 */
export function makeSick(endpointOfRank: readonly number[], random: () => number): readonly Behaviour[] {
  const assigned = Array.from({ length: endpointOfRank.length }, (): Behaviour => 'ok');
  for (let first = 0; first < endpointOfRank.length; first += stratum) {
    const members = shuffled(endpointOfRank.slice(first, first + stratum), random);
    for (const [index, behaviour] of sickOfTwenty.entries()) {
      const endpoint = members[index];
      if (endpoint !== undefined && members.length === stratum) assigned[endpoint] = behaviour;
    }
  }
  return assigned;
}
