import Type from 'typebox';
import type { ObjectType } from './model/catalog.ts';
import type { FieldInput } from './model/crm-record.ts';

/** A record as a host loads it. */
export type LoadedRecord = Readonly<Record<string, FieldInput>>;

/**
 * Answers the records of one object type and one account that have these ids, as far as there are any: by id, or as a list of
 * records with their ids. An id may be a number in one place and the same as text in another.
 */
export type LoadRecords = (
  objectType: ObjectType,
  ids: readonly (string | number)[],
  context: { readonly accountId: string },
) => LoadedRecords | Promise<LoadedRecords>;

/** What a host answers when it is asked for records. */
export type LoadedRecords = ReadonlyMap<string | number | bigint, LoadedRecord | null | undefined> | readonly LoadedRecord[];

/** The options of `createEngine` for events that are emitted with the id of their record. */
export const lateOptions = {
  loadRecords: Type.Optional(
    Type.Unsafe<LoadRecords>({
      description:
        'Loads the records of events that were emitted with a `recordId`, in batches, when they are sent. May take `hookTimeoutMs`.',
    }),
  ),
  loadBatchSize: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 1_000,
    description: 'The most ids that `loadRecords` is asked for at once.',
  }),
} as const;
