import type { JSX } from 'preact';
import type { RequestJson } from '../../src/manage/schemas.ts';
import { Copy } from '../look/copy.tsx';
import { bytes } from '../look/format.ts';
import { Code, Json } from '../look/json.tsx';
import { prettyJson } from '../look/json-tokens.ts';
import { Tabs, type TabView } from '../look/tabs.tsx';
import { decodeForm } from './decode-form.ts';

/** The request that a delivery is sent with: its fields, or its JSON, and the body as it goes over the wire. */
export function RequestView({ request }: { readonly request: RequestJson }): JSX.Element {
  const { method, url, contentType, body, note } = request;
  const size = bytes(new TextEncoder().encode(body).length);
  const pretty = contentType.includes('json') ? prettyJson(body) : null;
  const tabs: TabView[] = [
    pretty === null
      ? { name: 'Fields', view: () => <Fields body={body} /> }
      : { name: 'JSON', view: () => <Json text={pretty} label="Body as JSON" /> },
    {
      name: 'Raw',
      view: () => (
        <div class="stack">
          <Code text={body} label="Body as it is sent" />
          <div>
            <Copy text={body} what="body" />
          </div>
        </div>
      ),
    },
  ];
  return (
    <div class="stack">
      <dl class="facts">
        <dt>{method}</dt>
        <dd>
          <code>{url}</code>
        </dd>
        <dt>Content-Type</dt>
        <dd>
          <code>{contentType}</code> <span class="muted">({size})</span>
        </dd>
      </dl>
      <Tabs label="Body" tabs={tabs} />
      <p class="small muted">{note}</p>
    </div>
  );
}

function Fields({ body }: { readonly body: string }): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label="Fields of the body">
      <table class="table headers-table">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {decodeForm(body).map(({ name, value }, index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              <td>{value === '' ? <span class="muted">(empty)</span> : value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
