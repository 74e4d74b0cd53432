const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** A span of time for people: `3 days`, `30 hours`, `90 minutes`, `1 minute`, `40 seconds`, `40 ms`. */
export function span(ms: number): string {
  for (const [name, size] of units) {
    // Less than two days say more in hours, and less than two hours in minutes.
    const enough = name === 'minute' ? size : 2 * size;
    if (ms >= enough || (ms >= size && ms % size === 0)) return count(Math.round(ms / size), name);
  }
  return ms >= 1_000 ? count(Math.round(ms / 1_000), 'second') : `${Math.round(ms)} ms`;
}

/** How long ago or in how long: `3 minutes ago`, `in 2 hours`, `just now`. */
export function fromNow(at: number, now: number): string {
  const ms = at - now;
  if (Math.abs(ms) < 5_000) return ms > 0 ? 'in a few seconds' : 'just now';
  return ms > 0 ? `in ${span(ms)}` : `${span(-ms)} ago`;
}

/** How long something took: `38 ms`, `1.4 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** A number with its noun: `1 delivery`, `1,204 deliveries`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? one : many}`;
}

/** A share of a whole for people; never 100 % when something is missing, never 0 % when something is there. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const share = (100 * part) / whole;
  if (part === whole || part === 0) return `${share} %`;
  const shown = share < 10 || share > 99 ? share.toFixed(1) : share.toFixed(0);
  if (shown === '100.0') return '> 99.9 %';
  return shown === '0.0' ? '< 0.1 %' : `${shown} %`;
}

/** A size: `812 bytes`, `3.4 kB`. */
export function bytes(size: number): string {
  return size < 1_000 ? count(size, 'byte') : `${(size / 1_000).toFixed(size < 10_000 ? 1 : 0)} kB`;
}

const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** A moment with its date, in the reader's time zone. */
export function moment(at: number): string {
  return dateTime.format(at);
}

/** A moment as short as can be: the time today, and the day with it otherwise. */
export function shortMoment(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? clock.format(at) : dayAndClock.format(at);
}
