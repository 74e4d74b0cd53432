import type { JSX } from 'preact';
import type { WholeArrivalJson } from '../../src/bins/bin-shapes.ts';
import { Code, Json } from '../look/json.tsx';
import { prettyJson } from '../look/json-tokens.ts';
import { decodeForm } from './decode-form.ts';
import { bytesOf, hexDump, maxDumped } from './hex.ts';

/** A body as what it is: a form by its brackets, JSON laid out, or text. */
export function RequestBody({ request }: { readonly request: WholeArrivalJson }): JSX.Element {
  const { contentType, bytes, parsed } = request;
  if (parsed !== null) return <Json text={prettyJson(parsed) ?? parsed} label="Body, as a parser of this host read it" />;
  if (bytes === null) return <p class="muted">The body is not known.</p>;
  if (bytes === '') return <p class="muted">The body is empty.</p>;
  const text = new TextDecoder().decode(bytesOf(bytes));
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  const form = type === 'application/x-www-form-urlencoded' ? decodeForm(text) : null;
  if (form !== null) return <Json text={JSON.stringify(form, null, 2)} label="Body, a form" />;
  const json = prettyJson(text);
  if (json !== null) return <Json text={json} label="Body, JSON" />;
  return <Code text={text} label="Body, text" />;
}

/** The bytes themselves. */
export function RawBody({ request, download }: { readonly request: WholeArrivalJson; readonly download: string }): JSX.Element {
  if (request.bytes === null) return <p class="muted">The bytes are not known.</p>;
  const bytes = bytesOf(request.bytes);
  if (bytes.length === 0) return <p class="muted">There are none.</p>;
  return (
    <div class="stack">
      <div class="row">
        <a class="button button-small" href={download} download={`request-${request.number}.bin`}>
          Download bytes
        </a>
        {bytes.length > maxDumped && <span class="small muted">The first {maxDumped} bytes are shown.</span>}
      </div>
      <div class="hex">
        <Code text={hexDump(bytes)} label="Bytes in hexadecimal" />
      </div>
      <Code text={new TextDecoder().decode(bytes)} label="Bytes as text" />
    </div>
  );
}
