import { UsageError } from './usage-error.ts';

/** Whether it is the URL of a PostgreSQL database; else it is the name of a file. */
export function isPostgres(database: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(database);
}

/** What names a database, without the password that may be in it. */
export function shown(database: string): string {
  return database
    .replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?[^:/@]*):(?!\/\/).*@/is, '$1:***@')
    .replaceAll(/([?&]password=)[^&]*/gi, '$1***');
}

/**
 * The database that the option and the variable name between them: the URL of a PostgreSQL database or the name of an
 * SQLite file, or null when neither names one.
 * @throws {UsageError} which never shows a password
 */
export function readDatabase(option: string | undefined, variable: string | undefined): string | null {
  if (option === '') throw new UsageError('--database needs the name of a file, or the URL of a PostgreSQL database.');
  if (option !== undefined) checkUrl('--database', option);
  if (variable === undefined || variable === '') return option ?? null;
  if (!isPostgres(variable)) {
    throw new UsageError(
      'DATABASE_URL does not begin with postgres://. Write postgres://role:password@host:5432/database, or name a file with --database.',
    );
  }
  checkUrl('DATABASE_URL', variable);
  if (option === undefined || option === variable) return variable;
  throw new UsageError(
    `--database is ${shown(option)}, and DATABASE_URL is ${shown(variable)}. Leave one of them out, or make them agree.`,
  );
}

function checkUrl(source: string, text: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined) return;
  if (!isPostgres(text)) {
    throw new UsageError(
      `${source} begins with ${scheme}://, which is no PostgreSQL database. Write postgres://role:password@host:5432/database, or the name of a file with --database.`,
    );
  }
  try {
    const { username, password, pathname } = new URL(text);
    for (const part of [username, password, pathname]) decodeURIComponent(part);
  } catch {
    throw new UsageError(
      `${source} is no valid URL. Write postgres://role:password@host:5432/database, with signs such as # / @ % of the password as %23 %2F %40 %25.`,
    );
  }
}
