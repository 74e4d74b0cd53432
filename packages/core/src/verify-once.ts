import { defaultToleranceMs, type SignatureProblem } from './read-signature.ts';
import { verifySignature, type SignedRequest, type VerifiedSignature } from './verify-signature.ts';

/**
 * Remembers ids of deliveries. {@link rememberedIds} does so in memory; where several processes receive, they need one that
 * they share, e.g. `set KEY 1 get pxat UNTIL` of Redis, which answers nothing when it was new.
 */
export interface ReplayStore {
  /**
   * Remembers an id until then, in milliseconds since the epoch, and answers whether it was new: to one of all callers. An id
   * that it knew is remembered until then, too.
   */
  readonly remember: (id: string, until: number, now: number) => boolean | Promise<boolean>;
  /** Forgets an id, so that its next delivery is new again. */
  readonly forget: (id: string) => void | Promise<void>;
}

/** The options of {@link rememberedIds}. */
export interface RememberedIdsOptions {
  /** Ids kept at the most; the oldest go first. Default: 100,000, of about 100 bytes each. */
  readonly most?: number;
}

/** A request that was signed with one of the secrets, just now. */
export interface VerifiedOnce extends VerifiedSignature {
  /** It came before: answer 200, and do nothing. */
  readonly repeated: boolean;
  /** Makes it new again, for when what you had to do with it went wrong and should be tried again. */
  readonly forget: () => Promise<void>;
}

/** Remembers ids in the memory of this process, for as long as their signatures hold. */
export function rememberedIds({ most = 100_000 }: RememberedIdsOptions = {}): ReplayStore {
  if (!Number.isSafeInteger(most) || most < 1)
    throw new RangeError(`rememberedIds: most must be a whole number from 1, not ${most}`);
  const ids = new Map<string, number>();
  return {
    remember(id, until, now) {
      // They were remembered in turn, so those that are over stand in front, but for clocks that differ.
      for (const [old, end] of ids) {
        if (end >= now && (ids.size < most || ids.has(id))) break;
        if (old !== id) ids.delete(old);
      }
      const known = ids.get(id) ?? Number.NEGATIVE_INFINITY;
      ids.delete(id);
      ids.set(id, Math.max(known, until));
      return known < now;
    },
    forget: (id) => void ids.delete(id),
  };
}

/**
 * Tells what {@link verifySignature} tells, and whether the delivery came before: an attempt that is tried again because your
 * answer was lost, or a request that somebody has recorded and sends again. Both bear the id of the first one. Ids are
 * remembered for as long as a signature of theirs holds.
 *
 * @param request with `seen`: what remembers ids, one for all requests
 * @example
 * const seen = rememberedIds()
 * const checked = await verifyOnce({ headers, body, secrets, seen })
 * if (!checked.ok) return respond(401)
 * if (checked.repeated) return respond(200)
 */
export async function verifyOnce(
  request: SignedRequest & { readonly seen: ReplayStore },
): Promise<VerifiedOnce | SignatureProblem> {
  const { seen, now = Date.now, toleranceMs = defaultToleranceMs } = request;
  const checked = verifySignature(request);
  if (!checked.ok) return checked;
  // Signatures of the same id may be made until then, by clocks that differ by as much.
  const isNew = await seen.remember(checked.id, Math.max(checked.timestamp * 1_000, now()) + toleranceMs + 1_000, now());
  return { ...checked, repeated: !isNew, forget: async () => seen.forget(checked.id) };
}
