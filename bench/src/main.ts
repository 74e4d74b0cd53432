import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { help, readSettings, UsageError } from './arguments.ts';
import { bench, type Result } from './bench.ts';
import { benchHistory } from './history.ts';
import { plotsOf } from './plot.ts';
import { historyTable, resultTables } from './table.ts';

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2));
    if (settings.help) {
      console.log(help);
      return 0;
    }
    const { history, json } = settings;
    const tell = (line: string): void => console.error(line);
    const print = <Printed>(result: Printed, asTable: (result: Printed) => string): void =>
      console.log(json ? JSON.stringify(result, null, 2) : asTable(result));
    if (history === null) {
      const result = settings.of === null ? await bench(settings, tell) : readResult(settings.of);
      if (settings.plots !== null) for (const file of writePlots(result, settings.plots)) tell(`wrote ${file}`);
      print(result, resultTables);
    } else print(await benchHistory({ ...settings, history }, tell), historyTable);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

/** A result that `--json` printed. */
function readResult(file: string): Result {
  let result: Partial<Result>;
  try {
    result = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result>;
  } catch (error) {
    throw new UsageError(`--of names "${file}", which cannot be read as JSON: ${(error as Error).message}`);
  }
  // What older versions of the bench wrote has no set-ups.
  if (!result.throughput || !result.setUps) throw new UsageError(`--of names "${file}", which is no result of this bench.`);
  return result as Result;
}

function writePlots(result: Result, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return plotsOf(result).map(({ name, svg }) => {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, svg);
    return file;
  });
}

process.exitCode = await main();
