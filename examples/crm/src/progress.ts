import { MultiBar, Presets } from 'cli-progress';

/** One thing that is counted up to a total. */
export interface Step {
  readonly advance: (by: number) => void;
}

/** Shows how far the demo is: bars on a terminal, and a line for each quarter elsewhere. Writes to stderr. */
export interface Progress {
  readonly step: (name: string, total: number) => Step;
  readonly stop: () => void;
}

export function showProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { step: (name, total) => lines(name, total, stream), stop: () => {} };
  const bars = new MultiBar({ format: '{name} {bar} {value}/{total}', stream, gracefulExit: false }, Presets.shades_classic);
  return {
    step(name, total) {
      const bar = bars.create(total, 0, { name: name.padEnd(18) });
      return { advance: (by) => bar.increment(by) };
    },
    stop: () => bars.stop(),
  };
}

function lines(name: string, total: number, stream: NodeJS.WriteStream): Step {
  let done = 0;
  return {
    advance(by) {
      const quarter = Math.floor((done / total) * 4);
      done += by;
      if (Math.floor((done / total) * 4) > quarter) stream.write(`${name}: ${done} of ${total}\n`);
    },
  };
}
