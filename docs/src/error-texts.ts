import type { HookwellErrorCode } from '@hookwell/core';

/** What the page of errors says of a code. */
export interface ErrorText {
  /** When it is thrown, and by what. */
  readonly when: string;
  /** What to do about it. */
  readonly wayOut: string;
  /** Whether a request of a client can meet it; the page then says what the Express plugin answers. */
  readonly overHttp: boolean;
}

/** A new code does not compile without its text. */
export const errorTexts: Readonly<Record<HookwellErrorCode, ErrorText>> = {
  idempotency_conflict: {
    when: '`emit` was given an `idempotencyKey` that the account has used for another event: another topic, object type or record.',
    wayOut:
      'Give each event a key of its own, such as the id of the change that caused it. The same event with the same key is no conflict: it answers `duplicate: true`.',
    overHttp: false,
  },
  invalid_catalog: {
    when: '`defineCatalog` was given a name, a field or a number that cannot be used, or the same object type twice.',
    wayOut: 'Change the catalog as the message says. It is thrown at start-up, before anything runs.',
    overHttp: false,
  },
  invalid_data: {
    when: 'A subscription was made with a `data` that is no text, or longer than 4,096 characters.',
    wayOut: 'Send what the subscription needs, such as `{"format":"notify"}`, and keep notes of your own elsewhere.',
    overHttp: true,
  },
  invalid_input: {
    when: 'A call was given something that is missing or of the wrong kind: an `accountId`, an `occurredAt`, an `idempotencyKey`.',
    wayOut: 'Pass what the message names.',
    overHttp: true,
  },
  invalid_option: {
    when: 'A function that takes options was given an unknown one, a value outside its bounds, or not all that it needs; or a function among the options answered what it must not.',
    wayOut: 'See [options](options.md). It is thrown at start-up, except for what such a function answers later on.',
    overHttp: true,
  },
  invalid_query: {
    when: 'A list was asked for by a field or an operator that does not exist, or by a comparison of a text with a number.',
    wayOut: 'Use the fields that the message lists.',
    overHttp: true,
  },
  invalid_record: {
    when: '`emit` was given a record without an id, with a field that its object type lacks, with a value that no form can carry, or of another object type than the topic says.',
    wayOut: 'Register the field in the catalog, or leave it out. Nothing was stored.',
    overHttp: false,
  },
  invalid_topic: {
    when: 'A topic is not written `name(number)`.',
    wayOut: 'Write the event’s name and its number in brackets, without spaces and leading zeros: `sub_tag(3)`.',
    overHttp: true,
  },
  invalid_url: {
    when: 'A subscription was made with a URL that no transport of this engine sends to.',
    wayOut:
      'Correct the URL as the message says; [where requests may go](transport.md) has all rules, and how an operator allows more.',
    overHttp: true,
  },
  not_found: {
    when: 'The account has no subscription of that id, or no longer. One of another account is not found either.',
    wayOut: 'List the subscriptions of the account.',
    overHttp: true,
  },
  not_permitted: {
    when: 'A plugin refused what was asked for, for example [`contactPlans`](plugins.md#plan-policy) because of the account’s plan.',
    wayOut: 'As the plugin’s message says.',
    overHttp: true,
  },
  not_running: {
    when: 'The engine was used before `start` had resolved, or after `stop`.',
    wayOut: '`await engine.start()` first. A stopped engine cannot be started again: create another one.',
    overHttp: true,
  },
  overloaded: {
    when: '`emit` was called while as many calls as `maxPendingEmits` allows were waiting to be stored. Nothing was stored.',
    wayOut:
      'Wait for calls of `emit` before you make more: `await` them, a few hundred at a time. If the storage is slow, find out why.',
    overHttp: false,
  },
  plugin_failed: {
    when: 'A hook of a plugin did not answer within `hookTimeoutMs`, or answered what it may not. What it was asked about was refused: nothing was stored.',
    wayOut:
      'Put the plugin right that the message names. What takes long does not belong in a hook that callers wait for; see [plugins](plugins.md#hooks).',
    overHttp: false,
  },
  storage_busy: {
    when: 'The storage was locked, or unreachable, and was so for 10 seconds of trying again. Nothing was done. `postgresRateLimits` tells of it when the database did not answer within `timeoutMs`.',
    wayOut:
      'Try again later. With SQLite: close transactions soon, and keep none open across an `await` on a connection that Hookwell shares; let other programs not hold the lock.',
    overHttp: true,
  },
  storage_failed: {
    when: 'The storage failed in a way that trying again does not help: disk full, file damaged or no database, written by a newer version. Nothing was done.',
    wayOut: 'See the message, and `cause` for what the driver said.',
    overHttp: true,
  },
  unknown_event: {
    when: 'A topic names an event that the catalog does not have.',
    wayOut: 'Correct the name, or register the event with `defineCatalog`.',
    overHttp: true,
  },
  unknown_format: {
    when: 'A subscription was made with a format or an encoding that does not exist.',
    wayOut: 'Use one that the message lists; a plugin that provides a format names it in `formats`.',
    overHttp: true,
  },
  unknown_object_type: {
    when: '`emit`, or a subscription to `object_create`, names an object type that the catalog does not have.',
    wayOut: 'Correct the number or the name, or register the object type with `defineCatalog`.',
    overHttp: true,
  },
  wrong_state: {
    when: '`engine.deliveries.replay` or `cancel` was called for a delivery that is in another state than it needs.',
    wayOut:
      'Only a finished delivery can be replayed, as long as its event is kept and its subscription lives; only one that waits can be cancelled.',
    overHttp: false,
  },
};
