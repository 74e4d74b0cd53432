import { randomBytes, randomInt } from 'node:crypto';
import test from 'ava';
import { Webhook } from 'standardwebhooks';
import { checkSignature } from '../pages/bin/check-signature.ts';
import { decodeForm } from '../pages/bin/decode-form.ts';
import { bytesOf, hexDump } from '../pages/bin/hex.ts';

test('a form is put together by its brackets', (t) => {
  const form = 'a=1&event%5Btype%5D=sub_tag&event[tag_id]=3&list[]=x&list[]=y&n[0]=p&n[1]=q&n[3]=r&odd[=1&=2&empty';
  t.deepEqual(JSON.parse(JSON.stringify(decodeForm(form))), {
    a: '1',
    event: { type: 'sub_tag', tag_id: '3' },
    list: ['x', 'y'],
    n: { 0: 'p', 1: 'q', 3: 'r' },
    'odd[': '1',
    '': '2',
    empty: '',
  });
});

test('names that every object has are names like others', (t) => {
  const text = JSON.stringify(decodeForm('__proto__[x]=1&constructor[prototype][y]=2&a[__proto__]=3'));
  t.is(text, '{"__proto__":{"x":"1"},"constructor":{"prototype":{"y":"2"}},"a":{"__proto__":"3"}}');
  t.is((Object.prototype as { x?: unknown }).x, undefined);
});

test('a form that is too large or too deep is left as text', (t) => {
  t.is(decodeForm('a=1&'.repeat(2_001)), null);
  t.is(decodeForm(`a${'[x]'.repeat(40)}=1`), null);
});

test('bytes are dumped with their offsets and letters', (t) => {
  t.is(
    hexDump(Uint8Array.from([...Buffer.from('Hello, wörld!\r\n'), 0, 255])),
    '00000000  48 65 6c 6c 6f 2c 20 77 c3 b6 72 6c 64 21 0d 0a  Hello, w..rld!..\n' +
      '00000010  00 ff                                            ..',
  );
  t.is(hexDump(new Uint8Array()), '');
  t.is(hexDump(new Uint8Array(70_000)).split('\n').length, 4_096);
});

test('a page checks signatures as the reference library makes them', async (t) => {
  const at = Date.now();
  const seconds = Math.floor(at / 1_000);
  for (let round = 0; round < 300; round += 1) {
    const secret = `whsec_${randomBytes(24 + randomInt(41)).toString('base64')}`;
    const body = randomBytes(randomInt(300)).toString('latin1');
    const request = {
      headers: [
        ['Webhook-Id', 'msg_1'],
        ['webhook-timestamp', String(seconds)],
        ['Webhook-Signature', `v1a,xx ${new Webhook(secret).sign('msg_1', new Date(at), body)}`],
      ] as const,
      bytes: Buffer.from(body).toString('base64'),
      whole: true,
      at,
      signature: { state: 'unchecked', reason: '' } as const,
    };
    t.deepEqual(bytesOf(request.bytes), Uint8Array.from(Buffer.from(body)));
    t.deepEqual(await checkSignature(request, ` ${secret} `), { state: 'verified', reason: '' });
    const changed = Buffer.from(`${body}x`).toString('base64');
    t.like(await checkSignature({ ...request, bytes: changed }, secret), { state: 'wrong' });
    t.like(await checkSignature({ ...request, at: at + 400_000 }, secret), { state: 'wrong' });
    t.like(await checkSignature({ ...request, whole: false }, secret), { state: 'unchecked' });
    t.like(await checkSignature(request, 'nonsense!'), { state: 'unchecked' });
  }
});
