import type { AttemptField, Condition } from '@hookwell/core';
import { attemptExample } from './example.ts';
import { containing, equal, listPage } from './list-page.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import { AttemptPageSchema } from './schemas.ts';
import { ListAttemptsQuery } from './schemas-requests.ts';
import { showAttempt } from './show.ts';

/** `manage/attempts`: the log. */
export const attemptRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'listAttempts',
    tag: 'Attempts',
    method: 'GET',
    path: '/manage/attempts',
    summary: 'Read the log',
    description:
      'One line for each attempt to send a delivery, and one for each delivery that ended unsent; the newest first. What was answered is in the details of the delivery.',
    permission: 'read',
    parameters: null,
    query: ListAttemptsQuery,
    body: null,
    answer: {
      status: 200,
      description: 'A page of the log.',
      contentType: 'application/json',
      schema: AttemptPageSchema,
      example: { rows: [attemptExample], next: null, remaining: 1 },
    },
    errors: ['invalid_parameter', 'invalid_cursor'],
    async run({ accountId, engine, query }) {
      const { outcome, topic, subscriptionId, deliveryId, from, until, text } = query;
      const where: Condition<AttemptField>[] = [];
      if (outcome) where.push({ kind: 'in', field: 'outcome', values: outcome, negated: false });
      if (topic !== undefined) where.push(equal('topic', topic));
      if (subscriptionId !== undefined) where.push(equal('subscriptionId', subscriptionId));
      if (deliveryId !== undefined) where.push(equal('deliveryId', deliveryId));
      if (from !== undefined) where.push({ kind: 'compare', field: 'startedAt', operator: '>=', value: Date.parse(from) });
      if (until !== undefined) where.push({ kind: 'compare', field: 'startedAt', operator: '<', value: Date.parse(until) });
      if (text !== undefined) where.push(containing(text, ['reason', 'topic', 'deliveryId', 'answer', 'record']));
      return listPage(query, {
        name: 'attempts',
        accountId,
        ids: 'number',
        direction: 'desc',
        where,
        list: async (asked) => engine.deliveries.attempts(accountId, asked),
        show: showAttempt,
      });
    },
  }),
];
