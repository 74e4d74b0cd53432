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

/**
 * A statement whose plan is kept for as long as the queue is of about the same size: a plan that was made for a short
 * queue would read a long one from end to end. Each quadrupling has a plan of its own, so that there are few of them.
 */
export function bySize<Answer>(text: string): (bytes: number) => Statement<Answer> {
  const statements = new Map<number, Statement<Answer>>();
  return (bytes) => {
    const size = Math.floor(Math.log2(bytes + 1) / 2);
    let statement = statements.get(size);
    if (!statement) {
      statement = kept(`/* for a queue of ${4 ** size} bytes */ ${text}`);
      statements.set(size, statement);
    }
    return statement;
  };
}

/** A statement that is planned each time it runs. */
export function plannedEachTime<Answer>(text: string): Statement<Answer> {
  return { text, name: null };
}

/**
 * Ends a subquery that is to be asked for each row around it, by an index. Without it, and before the server has counted a
 * table, it may join all that the table has to a dozen rows.
 */
export const oneByOne = 'offset 0';
