import type { Verdict } from './judge.ts';
import type { Trial } from './run-mutants.ts';

const shownAs: Readonly<Record<Verdict, string>> = {
  killed: 'killed',
  survived: 'SURVIVED',
  stale: 'STALE',
  broken: 'BROKEN',
  'red before': 'RED BEFORE',
  hung: 'HUNG',
};

const meanings: Readonly<Record<Exclude<Verdict, 'killed'>, string>> = {
  survived: 'no test has noticed it',
  stale: 'its patch no longer applies',
  broken: 'its patch is no bug that could be committed',
  'red before': 'its test fails without it, or is not there',
  hung: 'its test did not end',
};

/** A trial in a line or two: the verdict, and the first test that turned red or what stands against the mutant. */
export function describe({ mutant, verdict, tests, reason, durationMs }: Trial): string {
  const head = `${shownAs[verdict].padEnd(10)}  ${mutant.name}  (${inSeconds(durationMs)})`;
  if (verdict !== 'killed') return `${head}\n    ${mutant.bug}\n    ${meanings[verdict]}: ${cut(reason)}`;
  return [head, ...tests.map(({ redTests }) => `    ${redTests[0]?.title}\n      ${cut(redTests[0]?.said ?? '')}`)].join('\n');
}

/** How many mutants were killed, and which were not. */
export function summarise(trials: readonly Trial[], durationMs: number): string {
  const spared = trials.filter(({ verdict }) => verdict !== 'killed');
  const lines = spared.map(({ mutant, verdict }) => `  ${shownAs[verdict]} ${mutant.name}`);
  const sum = `${trials.length} mutants, ${trials.length - spared.length} killed, ${spared.length} not, in ${inSeconds(durationMs)}`;
  return ['', sum, ...lines].join('\n');
}

/** The same for programs. */
export function toJson(trials: readonly Trial[], durationMs: number): string {
  const mutants = trials.map(({ mutant, verdict, tests, reason, durationMs: took }) => {
    const { name, bug, breaks } = mutant;
    return { name, bug, breaks, verdict, reason, tests, durationMs: took };
  });
  const killed = trials.filter(({ verdict }) => verdict === 'killed').length;
  return JSON.stringify({ mutants, killed, notKilled: trials.length - killed, durationMs }, null, 2);
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function cut(said: string): string {
  return said.length > 300 ? `${said.slice(0, 300)} …` : said;
}
