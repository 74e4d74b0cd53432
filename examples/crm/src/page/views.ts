import type { Credentials } from '../arguments.ts';
import { kinds, type Kind } from '../catalog.ts';
import type { Named } from '../database.ts';
import { html, type Html } from './html.ts';
import { inputs, recordForm, textOf, type Typed } from './record-form.ts';
import { recordList, type RecordList } from './record-list.ts';
import type { WebhookPage } from './webhook-pages.ts';

/** The page of contacts or of cars. */
export function recordsView(list: RecordList, typed: Typed): Html {
  return html`${recordForm(list.kind, typed)} ${recordList(list)}`;
}

/** The page of tags, with the topics that each is good for. */
export function tagsView(tags: readonly Named[], typed: Typed): Html {
  return html`<section class="sheet" aria-labelledby="list">
      <h2 id="list">Tags</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">No.</th>
            <th scope="col">Tag</th>
            <th scope="col">Events</th>
          </tr>
        </thead>
        <tbody>
          ${tags.map(
            ({ id, name }) =>
              html`<tr>
                <td>${id}</td>
                <td>${name}</td>
                <td><code>sub_tag(${id})</code> <code>unsub_tag(${id})</code></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </section>
    ${nameForm('tags', 'tag', typed)}`;
}

/** The page of forms, each ready to be submitted. */
export function formsView(forms: readonly Named[], typed: Typed): Html {
  return html`${forms.map(({ id, name }) => {
    const own = textOf(typed, 'form') === String(id) ? typed : {};
    return html`<section class="sheet" aria-labelledby="form-${id}">
      <h2 id="form-${id}">${name}</h2>
      <form method="post" action="/crm/forms/${id}/submissions">
        <p class="hint">For a contact that is there, give its number; for a new one, the other fields.</p>
        <input type="hidden" name="form" value="${id}" />
        ${inputs(
          [
            { name: 'contact_id', label: 'Number of a contact', type: 'number' },
            { name: 'firstname', label: 'First name' },
            { name: 'lastname', label: 'Last name' },
            { name: 'email', label: 'Email', type: 'email' },
          ],
          own,
        )}
        <button aria-label="Submit ${name}">Submit</button>
        <span class="hint">emits <code>object_submits_form(${id})</code></span>
      </form>
    </section>`;
  })}
  ${nameForm('forms', 'form', typed)}`;
}

function nameForm(list: 'tags' | 'forms', noun: string, typed: Typed): Html {
  return html`<section class="sheet small" aria-labelledby="new">
    <h2 id="new">New ${noun}</h2>
    <form method="post" action="/crm/${list}">
      ${inputs([{ name: 'name', label: 'Name' }], typed)}
      <button>Create ${noun}</button>
    </form>
  </section>`;
}

/** What somebody needs who programs against the webhooks of this CRM. */
export function webhooksView({ appId, apiKey }: Credentials, pages: readonly WebhookPage[]): Html {
  return html`<section class="sheet" aria-labelledby="keys">
      <h2 id="keys">Key pair</h2>
      <p class="hint">Programs send both in headers. They are shown here because this is a demo: another CRM shows a key once.</p>
      <dl>
        <dt>App ID</dt>
        <dd><code>${appId}</code></dd>
        <dt>API key</dt>
        <dd><code>${apiKey}</code></dd>
        <dt>Address</dt>
        <dd><code>/1/Webhooks</code>, <code>/1/Webhook/subscribe</code> …</dd>
      </dl>
    </section>
    ${
      pages.length > 0 &&
      html`<section class="sheet" aria-labelledby="pages">
        <h2 id="pages">Pages</h2>
        <dl>
          ${pages.map(
            ({ href, title, purpose }) =>
              html`<dt><a href="${href}">${title}</a></dt>
                <dd>${purpose}</dd>`,
          )}
        </dl>
      </section>`
    }`;
}

/** What asks for the password. */
export function signInView(to: string): Html {
  return html`<section class="sheet small" aria-label="Sign in">
    <form method="post" action="/crm/sign-in">
      <input type="hidden" name="to" value="${to}" />
      <div class="fields">
        <label>Password<input name="password" type="password" required autocomplete="current-password" autofocus /></label>
      </div>
      <p class="hint">It is the API key, unless <code>CRM_PASSWORD</code> says another. The demo prints it.</p>
      <button>Sign in</button>
    </form>
  </section>`;
}

/** What tells of an event that the last click set off. */
export function toldOf(topic: string, kind: Kind, id: string): Html {
  return html`<code>${topic}</code> happened to ${kinds[kind].name} ${id}. <a href="/crm/webhooks">Webhooks</a> tell whoever
    subscribed.`;
}
