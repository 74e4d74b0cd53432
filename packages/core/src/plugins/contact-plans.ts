import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError } from '../errors.ts';
import type { StoredEvent } from '../model/event.ts';
import type { NewSubscription, Subscription } from '../model/subscription.ts';
import { listed } from '../model/suggestion.ts';
import type { Plugin } from '../plugin.ts';

const plans = ['basic', 'plus', 'pro', 'enterprise'] as const;

/** What an account has bought: `basic` and `plus` get webhooks of contacts only, `pro` and `enterprise` of every object. */
export type Plan = (typeof plans)[number];

/** The options of `contactPlans`: type, default and manual in one. */
export const ContactPlansOptionsSchema = Type.Object(
  {
    planOf: Type.Unsafe<(accountId: string) => Plan | Promise<Plan>>({
      description: 'Answers the plan of an account: `basic`, `plus`, `pro` or `enterprise`.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `contactPlans`. */
export type ContactPlansOptions = Readonly<Static<typeof ContactPlansOptionsSchema>>;

/** The object type that every plan includes. */
const contact = 0;
const createOther = /^object_create\(0*[1-9]/;

/**
 * Holds accounts to their plan, as ONTRAPORT does: on `basic` and `plus` a subscription to the creation of anything but
 * contacts is refused (`not_permitted`), and subscriptions to tags and forms fire for contacts only.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * createEngine({ …, plugins: [contactPlans({ planOf: (accountId) => accounts.get(accountId).plan })] })
 */
export const contactPlans: (options: ContactPlansOptions) => Plugin = definePlugin({
  name: 'contact-plans',
  options: ContactPlansOptionsSchema,
  setup,
});

function setup({ planOf }: ContactPlansOptions): PluginSetup {
  if (typeof planOf !== 'function') {
    throw new HookwellError(
      'invalid_option',
      'contactPlans: option "planOf" is not a function; pass one that answers the plan of an account.',
      {
        value: planOf,
      },
    );
  }

  async function checkedPlan(accountId: string): Promise<Plan> {
    const plan = await planOf(accountId);
    if (plans.includes(plan)) return plan;
    throw new HookwellError(
      'invalid_option',
      `contactPlans: planOf answered ${JSON.stringify(plan)} for account "${accountId}". Plans: ${listed(plans)}.`,
      { value: plan },
    );
  }

  return {
    async subscribe({ accountId, topic }: NewSubscription) {
      if (!createOther.test(topic)) return;
      const plan = await checkedPlan(accountId);
      if (!isLimited(plan)) return;
      throw new HookwellError(
        'not_permitted',
        `The plan "${plan}" has webhooks of contacts only, and "${topic}" is about another object. Subscribe to "object_create(0)", or change to the plan "pro".`,
        { value: topic },
      );
    },

    async match({ accountId, objectType }: StoredEvent, subscriptions: readonly Subscription[]) {
      return objectType !== contact && isLimited(await checkedPlan(accountId)) ? [] : subscriptions;
    },
  };
}

function isLimited(plan: Plan): boolean {
  return plan === 'basic' || plan === 'plus';
}
