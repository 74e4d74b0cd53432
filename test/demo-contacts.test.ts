import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readContacts } from '../examples/crm/src/contacts.ts';
import { generateCars, generateContacts } from '../examples/crm/src/generate-contacts.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookwell-contacts-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function csv(content: string | Buffer): string {
  const file = join(folder, `${(files += 1)}.csv`);
  writeFileSync(file, content);
  return file;
}

const header = 'first_name,last_name,company_name,address,city,county,state,zip,phone1,phone2,email,web';

test('every column of the common export lands in a contact field, cell by cell as it stands', (t) => {
  const { contacts } = readContacts(
    csv(`${header}\nAnn,O'Hara,"Fox, ""Sons"" & Co", 1 Elm St ,Bath,Avon,SO,08014,+44 1,+44 2,a+b@c.org,http://x.org/?a=1&b=2\n`),
  );
  t.deepEqual(contacts, [
    {
      firstname: 'Ann',
      lastname: "O'Hara",
      company: 'Fox, "Sons" & Co',
      address: ' 1 Elm St ',
      city: 'Bath',
      county: 'Avon',
      state: 'SO',
      zip: '08014',
      office_phone: '+44 1',
      cell_phone: '+44 2',
      email: 'a+b@c.org',
      website: 'http://x.org/?a=1&b=2',
    },
  ]);
});

test('field names are headers too, in any order, behind a byte order mark and with CRLF', (t) => {
  const { contacts } = readContacts(csv('\uFEFFemail,id,title\r\na@b.org,77,"two\r\nlines"\r\nc@d.org,8,\r\n'));
  t.deepEqual(contacts, [
    { email: 'a@b.org', id: 77, title: 'two\r\nlines' },
    { email: 'c@d.org', id: 8, title: '' },
  ]);
});

test('rows in which nothing stands are counted, not imported', (t) => {
  const { contacts, emptyRows } = readContacts(csv('email,zip\na@b.org,1\n\n,\nc@d.org,2\n\n'));
  t.deepEqual([contacts.length, emptyRows], [2, 3]);
});

const badFiles: readonly (readonly [what: string, content: string | Buffer, message: RegExp])[] = [
  [
    'a row with too few cells',
    'email,zip\na@b.org,1\nc@d.org\n',
    /1 row cannot be read:\n {2}row 3 has 1 cell, but there are 2 columns/,
  ],
  ['a row with too many cells', 'email,zip\na@b.org,1,2\n', /row 2 has 3 cells/],
  ['every bad row, not the first one only', 'email,zip\na\nb,1\nc\n', /2 rows cannot be read:\n {2}row 2 .*\n {2}row 4 /],
  ['the row behind blank lines by its real number', 'email,zip\n\n\na\n', /row 4 has 1 cell/],
  ['a quote that is never closed', 'email,zip\na@b.org,1\n"c@d.org,2\n', /row 3 is not valid CSV/],
  ['an unknown column, with the nearest name', 'emial\na@b.org\n', /row 1: column 1 is "emial".*Did you mean "email"\?/],
  ['a column without a name', 'email,,zip\n1,2,3\n', /column 2 is "", which is no field/],
  [
    'two columns for one field',
    'first_name,firstname\na,b\n',
    /column 2 \("firstname"\) fills the field "firstname" a second time/,
  ],
  ['semicolons', 'email;zip\na;1\n', /not separated by commas/],
  ['an id that is no number', 'id\nx7\n', /row 2: the id "x7" is not a whole number/],
  ['an id that stands there twice', 'id\n7\n8\n7\n', /row 4: the id 7 stands in row 2 already/],
  ['an empty file', '', /is empty/],
  ['a header without rows', 'email\n', /has a header but no contacts/],
  ['bytes that are not UTF-8', Buffer.from('email\na@b.org\nJos\xe9@b.org\n', 'latin1'), /not UTF-8 text; row 3/],
];

for (const [what, content, message] of badFiles) {
  test(`a file is refused as a whole, naming ${what}`, (t) => {
    t.throws(() => readContacts(csv(content)), { name: 'UsageError', message });
  });
}

test('a file that is not there, or is a folder, is named', (t) => {
  t.throws(() => readContacts(join(folder, 'none.csv')), { name: 'UsageError', message: /There is no file .*none\.csv/ });
  t.throws(() => readContacts(folder), { name: 'UsageError', message: /is a folder/ });
});

test('the same seed makes the same contacts and cars up, another seed others', (t) => {
  t.deepEqual(generateContacts(50, 7), generateContacts(50, 7));
  t.deepEqual(generateCars([1, 2, 3], 7), generateCars([1, 2, 3], 7));
  t.notDeepEqual(generateContacts(50, 7), generateContacts(50, 8));
});
