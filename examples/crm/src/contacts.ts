import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { contactFields } from './catalog.ts';
import type { Value } from './tables.ts';
import { suggestion } from './refusal.ts';
import { UsageError } from './usage-error.ts';

/** A contact that is to be created. */
export type NewContact = Readonly<Record<string, Value>>;

/** What a file held. */
export interface ContactFile {
  readonly contacts: readonly NewContact[];
  /** Rows in which nothing stood. */
  readonly emptyRows: number;
}

/** Column names of common exports, and the contact fields that they fill. Field names themselves work too. */
const columnFields: Readonly<Record<string, string>> = {
  first_name: 'firstname',
  last_name: 'lastname',
  company_name: 'company',
  phone1: 'office_phone',
  phone2: 'cell_phone',
  web: 'website',
};

const maxShown = 10;

/**
 * Reads contacts from a CSV file with a header. All of it or nothing: no cell is dropped, cut or guessed at.
 * @throws {UsageError} naming the file and each row at fault, the header being row 1
 */
export function readContacts(file: string): ContactFile {
  const [header, ...rows] = parseRows(file, readText(file));
  if (header === undefined) throw new UsageError(`${file} is empty. Its first row must name the columns: first_name,last_name,…`);
  const fields = fieldsOf(file, header);
  const contacts: NewContact[] = [];
  const problems: string[] = [];
  const ids = new Map<number, number>();
  let emptyRows = 0;
  for (const [index, cells] of rows.entries()) {
    const row = index + 2;
    if (cells.every((cell) => cell.trim() === '')) emptyRows += 1;
    else if (cells.length !== fields.length) {
      problems.push(`row ${row} has ${count(cells.length, 'cell')}, but there are ${count(fields.length, 'column')}`);
    } else {
      const contact: Record<string, Value> = {};
      for (const [column, field] of fields.entries()) contact[field] = cells[column] ?? null;
      const problem = numberId(contact, row, ids);
      if (problem === null) contacts.push(contact);
      else problems.push(problem);
    }
  }
  if (problems.length > 0) throw refusal(file, problems);
  if (contacts.length === 0) throw new UsageError(`${file} has a header but no contacts. Add a row for each contact.`);
  return { contacts, emptyRows };
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new UsageError(`There is no file ${file}. Check the path that --contacts names.`);
    if (code === 'EISDIR') throw new UsageError(`${file} is a folder. Name a CSV file with --contacts.`);
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}.`);
  }
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let row = 1;
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf(10, start)) {
    row += 1;
    start = end + 1;
  }
  throw new UsageError(`${file} is not UTF-8 text; row ${row} has the first bytes that are not. Save the file as "CSV UTF-8".`);
}

function parseRows(file: string, text: string): string[][] {
  try {
    return parse(text, { bom: true, relax_column_count: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const row = typeof error['records'] === 'number' ? error['records'] + 1 : '?';
    throw new UsageError(`${file}, row ${row} is not valid CSV: ${error.message}.`);
  }
}

function fieldsOf(file: string, header: readonly string[]): readonly string[] {
  const known = [...contactFields, ...Object.keys(columnFields)];
  const fields: string[] = [];
  for (const [index, cell] of header.entries()) {
    const column = cell.trim();
    const field = Object.hasOwn(columnFields, column) ? columnFields[column] : column;
    if (field === undefined || !contactFields.includes(field)) {
      if (header.length === 1 && /[;\t|]/.test(cell)) {
        throw new UsageError(`${file}, row 1 is not separated by commas. Save the file as CSV with commas.`);
      }
      const hint = column === '' ? '. Give it a name or take it out.' : suggestion(column, known);
      throw new UsageError(
        `${file}, row 1: column ${index + 1} is "${column}", which is no field of a contact${hint} Fields: ${known.join(', ')}.`,
      );
    }
    if (fields.includes(field)) {
      throw new UsageError(
        `${file}, row 1: column ${index + 1} ("${column}") fills the field "${field}" a second time. Keep one.`,
      );
    }
    fields.push(field);
  }
  return fields;
}

/** Makes a number of the id, if the file has one; answers what is wrong with it, or null. */
function numberId(contact: Record<string, Value>, row: number, ids: Map<number, number>): string | null {
  const text = contact['id'];
  if (text === undefined) return null;
  if (typeof text !== 'string' || !/^[1-9][0-9]{0,14}$/.test(text))
    return `row ${row}: the id "${text}" is not a whole number from 1 up`;
  const id = Number(text);
  const earlier = ids.get(id);
  if (earlier !== undefined) return `row ${row}: the id ${id} stands in row ${earlier} already`;
  ids.set(id, row);
  contact['id'] = id;
  return null;
}

function refusal(file: string, problems: readonly string[]): UsageError {
  const more = problems.length > maxShown ? [`and ${problems.length - maxShown} more`] : [];
  const lines = [...problems.slice(0, maxShown), ...more].map((problem) => `\n  ${problem}`);
  return new UsageError(`${file} was not imported; ${count(problems.length, 'row')} cannot be read:${lines.join('')}`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
