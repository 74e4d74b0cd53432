import { durationBoundsMs } from '@hookwell/core';

/** The class of an attempt's duration, for texts of SQL. */
export const durationClassSql = `case ${durationBoundsMs
  .map((bound, index) => `when duration_ms <= ${bound} then ${index}`)
  .join(' ')} else ${durationBoundsMs.length} end`;
