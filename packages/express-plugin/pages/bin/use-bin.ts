import { useEffect, useState } from 'preact/hooks';
import type { ArrivalJson, BinJson } from '../../src/bins/bin-shapes.ts';
import { announce } from '../look/announce.ts';
import { apiPath } from './settings.ts';

/** A bin as it is now. */
export interface LiveBin {
  readonly bin: BinJson;
  /** Oldest first. */
  readonly requests: readonly ArrivalJson[];
}

/** What is known of a bin. */
export interface Watched {
  readonly live: LiveBin | null;
  /** `connecting` also when the connection was lost and is made again. */
  readonly state: 'connecting' | 'live' | 'gone' | 'refused';
}

/** Watches a bin as long as the page is open. */
export function useBin(id: string): Watched {
  const [watched, setWatched] = useState<Watched>({ live: null, state: 'connecting' });

  useEffect(() => {
    const source = new EventSource(apiPath(`/${id}/events`));
    const on = (event: string, use: (data: never) => void): void =>
      source.addEventListener(event, ({ data }: MessageEvent<string>) => use(JSON.parse(data) as never));

    on('state', (live: LiveBin) => setWatched({ live, state: 'live' }));
    on('request', ({ bin, request, oldest }: { bin: BinJson; request: ArrivalJson; oldest: number }) => {
      announce(`${request.method} request ${request.number} arrived.`);
      setWatched(({ live }) => ({
        live: { bin, requests: [...(live?.requests ?? []), request].filter(({ number }) => number >= oldest) },
        state: 'live',
      }));
    });
    on('gone', () => {
      source.close();
      setWatched(({ live }) => ({ live, state: 'gone' }));
    });
    source.addEventListener('error', () => {
      // A browser tries again by itself unless it was refused.
      const state = source.readyState === EventSource.CLOSED ? 'refused' : 'connecting';
      setWatched(({ live }) => ({ live, state }));
    });
    return () => source.close();
  }, [id]);

  return watched;
}
