import { filterAttribute, HookwellError, type Subscription } from '@hookwell/core';
import { Problem } from './problem.ts';
import type { ManageContext } from './route.ts';
import type { SubscriptionJson } from './schemas.ts';

/** The filter that a subscription has; null for none. One that cannot be read is reported, and hides no subscription. */
export function shownFilter(subscription: Subscription, { options, report }: ManageContext): SubscriptionJson['filter'] {
  try {
    const filter = options.filters?.filterOf(subscription);
    return filter ? { ...filter } : null;
  } catch (error) {
    report(error);
    return null;
  }
}

/**
 * The attribute that a filter is kept in: none where none is named, and null to remove it.
 *
 * @throws {Problem} `invalid_body` where no filters are taken
 */
export function filterAttributes(
  filter: object | null | undefined,
  { options }: ManageContext,
): Readonly<Record<string, string | null>> {
  if (filter === undefined) return {};
  if (options.filters) return { [filterAttribute]: filter && JSON.stringify(filter) };
  throw new Problem('invalid_body', 'Subscriptions have no filters here. Leave "filter" out.', { part: 'filter' });
}

/** Says of a filter that was refused in which member it stands. */
export async function namingFilter<Answer>(work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    if (!HookwellError.is(error, 'invalid_input') || !error.message.startsWith('Invalid filter')) throw error;
    throw new Problem('invalid_body', error.message.toWellFormed(), { part: 'filter' });
  }
}
