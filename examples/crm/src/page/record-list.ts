import { kinds, type Kind } from '../catalog.ts';
import type { Listing } from '../crm.ts';
import type { Named, Row } from '../database.ts';
import { html, type Html, type Part } from './html.ts';

/** What a list of records is made of. */
export interface RecordList {
  readonly kind: Kind;
  readonly listing: Listing;
  readonly tags: readonly Named[];
  /** The id below which the list begins, as it stands in the page's address; empty at the top. */
  readonly before: string;
}

interface TagButton {
  readonly kind: Kind;
  readonly record: Row;
  readonly tag: Named;
  readonly has: boolean;
  /** The query that keeps the list where it is. */
  readonly place: string;
}

/** The records, newest first, each with a button for each tag. */
export function recordList({ kind, listing: { records, more }, tags, before }: RecordList): Html {
  const place = before === '' ? '' : `?before=${before}`;
  const oldest = records.at(-1)?.record;
  return html`<section class="sheet" aria-labelledby="list">
    <h2 id="list">${before === '' ? 'Newest first' : `Before ${kinds[kind].name} ${before}`}</h2>
    ${records.length === 0 && html`<p class="hint">There are none yet.</p>`}
    <ul class="records">
      ${records.map(
        ({ record, tags: own }) =>
          html` <li id="${kind}-${record.id}">
            <div>
              <h3>${titleOf(kind, record)}</h3>
              <p>${detailsOf(kind, record)}</p>
            </div>
            <form method="post" class="tags" aria-label="Tags of ${titleOf(kind, record)}">
              ${tags.map((tag) => tagButton({ kind, record, tag, has: own.includes(tag.id), place }))}
            </form>
          </li>`,
      )}
    </ul>
    ${more && oldest && html`<p><a href="/crm/${kind}?before=${oldest.id}">Older ones</a></p>`}
  </section>`;
}

function tagButton({ kind, record, tag, has, place }: TagButton): Html {
  const [verb, preposition] = has ? ['Remove', 'from'] : ['Add', 'to'];
  return html`<button
    class="${has ? 'has' : 'quiet'}"
    formaction="/crm/${kind}/${record.id}/tags/${tag.id}/${verb.toLowerCase()}${place}"
    aria-label="${verb} the tag ${tag.name} ${preposition} ${titleOf(kind, record)}"
    title="${verb} · ${has ? 'unsub_tag' : 'sub_tag'}(${tag.id})"
  >
    ${tag.name}
  </button>`;
}

/** What people call a record. */
export function titleOf(kind: Kind, record: Row): string {
  const words = kind === 'contacts' ? [record['firstname'], record['lastname']] : [record['make'], record['model']];
  const name = words.filter((word) => word !== null && word !== '').join(' ');
  return name === '' ? `${kinds[kind].name === 'car' ? 'Car' : 'Contact'} ${record.id}` : name;
}

function detailsOf(kind: Kind, record: Row): Part {
  const [first, ...rest] =
    kind === 'contacts'
      ? [`No. ${record.id}`, record['email'], record['company'], record['city']]
      : [
          `No. ${record.id}`,
          record['year'],
          record['colour'],
          record['price'],
          record['contact_id'] && `contact ${record['contact_id']}`,
        ];
  return [first, ...rest.filter((word) => word !== null && word !== '')].join(' · ');
}
