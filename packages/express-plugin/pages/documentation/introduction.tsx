import type { JSX } from 'preact';
import { settings } from './settings.ts';

/** What this is, and how to see a webhook arrive without writing code. */
export function Introduction(): JSX.Element {
  const { title, description, root, on } = settings;
  return (
    <section class="stack" aria-labelledby="page-title">
      <div class="stack introduction">
        <h1 id="page-title">{title}</h1>
        {description
          .split(/\n\s*\n/)
          .filter((paragraph) => paragraph.trim() !== '')
          .map((paragraph) => (
            <p key={paragraph}>{paragraph}</p>
          ))}
        <p>
          A webhook is a request that this CRM sends to an address of yours as soon as something happens: a contact is added, a
          form is submitted, a tag is put on. You subscribe with the endpoints below, and each of them can be tried right here.
        </p>
        <p class="row">
          <a href={`${root}openapi.json`}>OpenAPI document</a>
          {on.bins && <a href={`${root}bins`}>Request bins</a>}
          {on.console && <a href={`${root}console`}>Console</a>}
          {on.feed && (
            <span>
              Changes of this API: <a href={`${root}feed.rss`}>RSS</a>, <a href={`${root}feed.atom`}>Atom</a>
            </span>
          )}
        </p>
      </div>
      <details class="card steps">
        <summary>See a webhook arrive, in twelve steps and without code</summary>
        <ol>
          {steps(on.bins === true, root).map((step, index) => (
            <li key={index}>{step}</li>
          ))}
        </ol>
        <p>
          Then <code>GET /Webhooks</code>, with nothing filled in, lists what you are subscribed to, and{' '}
          <code>DELETE /Webhook/unsubscribe</code> ends it.
        </p>
      </details>
    </section>
  );
}

function steps(bins: boolean, root: string): readonly JSX.Element[] {
  return [
    <>Have your App ID and your API key at hand.</>,
    <>
      Enter them under <a href="#keys-title">Your keys</a> and press “Use these keys”.
    </>,
    bins ? (
      <>
        Open{' '}
        <a href={`${root}bins`} target="_blank" rel="noreferrer">
          Request bins
        </a>{' '}
        in another tab and make a new bin: it shows whatever is sent to it.
      </>
    ) : (
      <>Have an address that shows what is sent to it, such as a request bin, open in another tab.</>
    ),
    <>Copy its URL.</>,
    <>
      Back here, open <code>POST /Webhook/subscribe</code> below.
    </>,
    <>
      Put the URL into <code>url</code>.
    </>,
    <>
      For <code>event</code> choose a tag of yours, or write one, such as <code>sub_tag(3)</code>: tag 3 is added.
    </>,
    <>
      For <code>data</code> take <code>{'{"format":"lightweight"}'}</code>, so that only a few fields are sent.
    </>,
    <>Press “Try it out”.</>,
    <>
      Look at the answer: <code>code</code> is 0, and <code>id</code> is the number of your subscription.
    </>,
    <>In the CRM, add that tag to a contact.</>,
    <>Look at the bin again: there is the contact.</>,
  ];
}
