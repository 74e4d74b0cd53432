import { readdir, readFile } from 'node:fs/promises';

/** What Linux counts the time of processes in, whatever its own clock does. */
const tickMicros = 10_000;

/**
 * What a process and its children have computed until now, those that have ended included, in microseconds.
 *
 * @param isWanted looks at the name of the process, which another machine may have given to something else
 * @returns null where that cannot be read, which is everywhere but on Linux, and on this machine only
 */
export async function familyMicros(parent: number, isWanted: (name: string) => boolean): Promise<number | null> {
  const first = await readStat(parent);
  if (!first || !isWanted(first.name)) return null;
  const others = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== parent);
  const stats = await Promise.all(others.map(async (name) => readStat(Number(name))));
  const children = stats.filter((stat) => stat?.parent === parent);
  return [first, ...children].reduce((sum, stat) => sum + (stat?.ticks ?? 0), 0) * tickMicros;
}

/** The parent of a process of this machine, if it can be read and has that name. */
export async function parentOf(child: number, isWanted: (name: string) => boolean): Promise<number | null> {
  const stat = await readStat(child);
  return stat && isWanted(stat.name) ? stat.parent : null;
}

interface Stat {
  readonly name: string;
  readonly parent: number;
  /** Of its own and of its ended children, in user and in system mode. */
  readonly ticks: number;
}

async function readStat(id: number): Promise<Stat | null> {
  let text: string;
  try {
    text = await readFile(`/proc/${id}/stat`, 'latin1');
  } catch {
    return null;
  }
  // "7 (name) S 1 …": a name may have spaces and brackets in it.
  const [begin, end] = [text.indexOf('('), text.lastIndexOf(')')];
  const fields = text
    .slice(end + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  return { name: text.slice(begin + 1, end), parent, ticks };
}
