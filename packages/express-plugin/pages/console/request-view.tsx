import type { JSX } from 'preact';
import type { RequestJson } from '../../src/manage/schemas.ts';
import { Copy } from '../look/copy.tsx';
import { bytes } from '../look/format.ts';
import { Code, Json } from '../look/json.tsx';
import { prettyJson } from '../look/json-tokens.ts';
import { Pairs } from '../look/pairs.tsx';
import { Tabs, type TabView } from '../look/tabs.tsx';
import { formFields } from './form-fields.ts';

/** The request that a delivery is sent with: its fields, or its JSON, and the body as it goes over the wire. */
export function RequestView({ request }: { readonly request: RequestJson }): JSX.Element {
  const { method, url, contentType, body, note } = request;
  const size = bytes(new TextEncoder().encode(body).length);
  const pretty = contentType.includes('json') ? prettyJson(body) : null;
  const tabs: TabView[] = [
    pretty === null
      ? { name: 'Fields', view: () => <Pairs label="Fields of the body" columns={['Field', 'Value']} pairs={formFields(body)} /> }
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
