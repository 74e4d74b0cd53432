import { HookwellError } from '@hookwell/core';

/** Conditions that pass: a call that met one may succeed when it is made again. */
const passing: Readonly<Record<string, string>> = {
  '25006': 'it takes no writes just now',
  '25P03': 'the transaction was idle for too long',
  '40001': 'another transaction was in the way',
  '40P01': 'another transaction was in the way',
  '53300': 'it has too many connections',
  '55P03': 'a lock was not to be had in time',
  '57014': 'the statement was cancelled or took too long',
  '57P01': 'it is being shut down',
  '57P02': 'it has crashed',
  '57P03': 'it is starting up or shutting down',
  '57P05': 'the connection was idle for too long',
};

/** What pg, its pool and Node say when a connection is not to be had, or is lost. */
const lost =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed)/;
const lostCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** Ways out of what cannot pass by itself. */
const waysOut: Readonly<Record<string, string>> = {
  '26000':
    ' A pooler that hands out another connection for each transaction does not know prepared statements; set the option "prepare" to false.',
  '42P05':
    ' A pooler that hands out another connection for each transaction does not know prepared statements; set the option "prepare" to false.',
  '42501':
    " The role must own the schema and the tables in it, or be a member of the role that does; in a transaction of the host's, usage of the schema and select, insert and update on its tables are enough. The role of row-level security has its rights while that is turned on.",
  HW001: ' Row-level security was turned off and on again since this storage was started; start it again.',
  HW002:
    " A transaction of the host's runs in a role that inherits the one of row-level security: grant that one with inherit false, or to the login of a pool for accounts alone.",
  '3D000': ' Create the database first.',
  '53100': ' Its disk is full.',
};

/** The SQLSTATE, or Node's code, of what a driver threw; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What an error of the driver means: `storage_busy` for what passes, and `storage_failed` for all others. */
export function storageError(error: unknown): HookwellError {
  if (HookwellError.is(error)) return error;
  // Node tries each address of a host, and tells of all failures at once, in no words of its own.
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) return storageError(error.errors[0]);
  const code = codeOf(error);
  const said = error instanceof Error && error.message !== '' ? error.message : String(error);
  if (code.startsWith('08') || lostCodes.has(code) || lost.test(said)) {
    return new HookwellError('storage_busy', `The connection to the database was lost or not to be had (${said}). Try again.`, {
      cause: error,
    });
  }
  const passes = passing[code];
  if (passes !== undefined) {
    return new HookwellError('storage_busy', `The database did nothing of the call: ${passes} (${said}). Try again.`, {
      cause: error,
    });
  }
  return new HookwellError(
    'storage_failed',
    `The database failed: ${said}${code === '' ? '' : ` (${code})`}.${waysOut[code] ?? ''}`,
    {
      cause: error,
    },
  );
}
