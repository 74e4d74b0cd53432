import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Notice } from '../look/notice.tsx';
import { settings } from './settings.ts';

/** Every endpoint and payload, from the document. What draws them is large, and comes once the rest is there. */
export function Api(): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'loading' | 'there' | 'failed'>('loading');

  useEffect(() => {
    const draw = async (): Promise<void> => {
      const { drawApi } = await import('./swagger/draw.ts');
      await drawApi(place.current as HTMLDivElement, `${settings.root}openapi.json`);
      setState('there');
    };
    draw().catch(() => setState('failed'));
  }, []);

  return (
    <section aria-labelledby="api-title" aria-busy={state === 'loading'}>
      <h2 id="api-title">Endpoints</h2>
      {state === 'loading' && <p class="muted">Loading …</p>}
      {state === 'failed' && (
        <Notice tone="bad" title="The endpoints cannot be shown">
          <a href={`${settings.root}openapi.json`}>openapi.json</a> did not load. Reload this page in a moment.
        </Notice>
      )}
      <div ref={place} hidden={state !== 'there'} />
    </section>
  );
}
