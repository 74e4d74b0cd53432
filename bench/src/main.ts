import { help, readSettings, UsageError } from './arguments.ts';
import { bench } from './bench.ts';
import { benchHistory } from './history.ts';
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
    const print = <Result>(result: Result, asTable: (result: Result) => string): void =>
      console.log(json ? JSON.stringify(result, null, 2) : asTable(result));
    if (history === null) print(await bench(settings, tell), resultTables);
    else print(await benchHistory({ ...settings, history }, tell), historyTable);
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

process.exitCode = await main();
