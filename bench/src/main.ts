import { help, readSettings, UsageError } from './arguments.ts';
import { bench } from './bench.ts';
import { resultTables } from './table.ts';

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2));
    if (settings.help) {
      console.log(help);
      return 0;
    }
    const result = await bench(settings, (line) => console.error(line));
    console.log(settings.json ? JSON.stringify(result, null, 2) : resultTables(result));
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
