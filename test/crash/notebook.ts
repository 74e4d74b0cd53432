import { openSync, readSync, writeSync } from 'node:fs';

/** Writes lines that are there even when the process is killed in the next moment. */
export function notebook(file: string): (line: object) => void {
  const descriptor = openSync(file, 'a');
  return (line) => void writeSync(descriptor, `${JSON.stringify(line)}\n`);
}

/** Reads what has been added to a notebook since the last time. */
export class NotebookReader<Line> {
  readonly #file: string;
  #descriptor: number | undefined;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** Whole lines only: what a process was killed in the middle of was never written. */
  read(): Line[] {
    this.#descriptor ??= openSync(this.#file, 'a+');
    const lines: Line[] = [];
    const buffer = Buffer.alloc(1 << 20);
    for (let size = readSync(this.#descriptor, buffer); size > 0; size = readSync(this.#descriptor, buffer)) {
      const parts = (this.#rest + buffer.toString('latin1', 0, size)).split('\n');
      this.#rest = parts.pop() ?? '';
      for (const part of parts) lines.push(JSON.parse(part) as Line);
    }
    return lines;
  }
}
