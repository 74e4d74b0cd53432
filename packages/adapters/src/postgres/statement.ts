// Every statement answers one row with one text, which is JSON, and takes what it works on as JSON as well. So no type
// parser that the host may have set has a say in what a bigint becomes, the statements run on any client that can send
// a text with values, and the process spends the least: writing and reading JSON is what V8 is quickest at.

import { createHash } from 'node:crypto';
import type { PostgresValue } from './driver.ts';

/** A statement that answers JSON of this shape. */
export interface Statement<Answer> {
  readonly text: string;
  /** Names it for the server to keep its plan; null where the plan must fit what the tables hold just now. */
  readonly name: string | null;
  /** Only for the type. */
  readonly answer?: Answer;
}

/** Runs statements: on a pool, in a transaction of ours, or in one of the host's. */
export interface Runner {
  readonly run: <Answer>(statement: Statement<Answer>, values: readonly PostgresValue[]) => Promise<Answer>;
}

/** A statement whose plan the server keeps; its text decides its name. */
export function kept<Answer>(text: string): Statement<Answer> {
  return { text, name: `hookwell_${createHash('sha1').update(text).digest('hex').slice(0, 20)}` };
}

/** A statement that is planned each time it runs. */
export function plannedEachTime<Answer>(text: string): Statement<Answer> {
  return { text, name: null };
}
