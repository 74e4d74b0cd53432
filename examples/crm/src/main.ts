import { once } from 'node:events';
import { help, readSettings, type Settings } from './arguments.ts';
import { contactsFor, refuseEvery, runDemo } from './demo.ts';
import { startReceiver } from './ledger.ts';
import { serveByProcesses } from './processes.ts';
import { Refusal } from './refusal.ts';
import { serve, type RunningCrm } from './serve.ts';
import { summaryTable } from './table.ts';
import { whatToTryNext } from './try-next.ts';
import { UsageError } from './usage-error.ts';

/** Resolves with the exit code of a shell when somebody asks the program to stop; a second time ends it at once. */
const asked = Promise.race([once(process, 'SIGINT').then(() => 130), once(process, 'SIGTERM').then(() => 143)]);

async function start(settings: Settings): Promise<RunningCrm> {
  return settings.processes === null ? serve(settings) : serveByProcesses(settings);
}

async function serveOnly(settings: Settings): Promise<number> {
  const running = await start(settings);
  const { madeUp, appId, apiKey } = settings.credentials;
  if (madeUp) console.error(`CRM_APP_ID=${appId} CRM_API_KEY=${apiKey}`);
  console.log(`The CRM listens on ${running.url}`);
  try {
    await Promise.race([asked, running.broken]);
  } finally {
    await running.stop();
  }
  return 0;
}

async function demo(settings: Settings): Promise<number> {
  const contacts = contactsFor(settings);
  const ledger = await startReceiver(refuseEvery);
  try {
    const running = await start(settings);
    try {
      const run = runDemo(settings, contacts, running, ledger);
      run.catch(() => {}); // When it is stopped half-way, what it still tries fails, and nobody wants to know.
      const summary = await Promise.race([run, asked, running.broken]);
      if (typeof summary === 'number') return summary;
      console.log(settings.json ? JSON.stringify(summary, null, 2) : summaryTable(summary));
      for (const problem of summary.problems.slice(0, 20)) console.error(problem);
      if (summary.problems.length > 20) console.error(`and ${summary.problems.length - 20} more problems`);
      if (summary.exact) console.error('Every expected payload arrived exactly once with exactly the right fields.');
      else if (summary.problems.length === 0) {
        console.error(
          `Every expected payload arrived with exactly the right fields, ${summary.repeated} of them again: those that were on their way when a process ended.`,
        );
      }
      if (settings.mode === 'demo') {
        ledger.onArrivals = (arrivals) => {
          for (const { path, body } of arrivals) console.error(`The receiver got ${path} ${body}`);
        };
        console.error(whatToTryNext(running.url, ledger.url, settings));
        await Promise.race([asked, running.broken]);
      }
      return summary.problems.length === 0 ? 0 : 1;
    } finally {
      await running.stop();
    }
  } finally {
    ledger.stop();
  }
}

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2), process.env);
    if (settings.mode === 'serve') return await serveOnly(settings);
    if (settings.mode !== 'help') return await demo(settings);
    console.log(help);
    return 0;
  } catch (error) {
    if (error instanceof UsageError || error instanceof Refusal) {
      console.error(error.message);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

process.exitCode = await main();
