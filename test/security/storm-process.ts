import { storm, type Protocol } from './storm.ts';

/*
 * Runs a storm in whichever Node this file is run by: `storm-process.ts http: 5000`. Prints what came of it as JSON, with the
 * version of Node.
 */
const [protocol, requests] = process.argv.slice(2);
const closing: (() => unknown)[] = [];
const came = await storm((close) => closing.push(close), protocol as Protocol, Number(requests));
for (const close of closing.toReversed()) await close();
process.stdout.write(JSON.stringify({ version: process.version, ...came }));
