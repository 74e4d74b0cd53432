import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { addressBytes } from '../src/http/address.ts';

/** What a name has: addresses, of which each question gets those of its type, or nothing good. */
export type DnsAnswer =
  | readonly string[]
  | 'nxdomain'
  | 'servfail'
  | 'refused'
  | 'silence'
  | 'garbage'
  | { readonly cname: string };

/** A question of whoever looks a name up. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: 'A' | 'AAAA';
}

/** A DNS server on loopback that says what a test wants it to say, with a time to live of zero. */
export interface DnsServer {
  /** `127.0.0.1:PORT`, for the option `dnsServers`. */
  readonly address: string;
  readonly questions: () => readonly DnsQuestion[];
  readonly close: () => Promise<void>;
}

const types = { A: 1, CNAME: 5, AAAA: 28 } as const;
const codes = { servfail: 2, nxdomain: 3, refused: 5 } as const;

/** Starts a DNS server; `answer` is asked for each question, and must not throw. */
export async function dnsServer(answer: (question: DnsQuestion) => DnsAnswer): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const questions: DnsQuestion[] = [];
  socket.on('message', (message, { port, address }) => {
    const question = readQuestion(message);
    questions.push(question);
    const given = answer(question);
    if (given !== 'silence')
      socket.send(given === 'garbage' ? message.subarray(0, 7) : response(message, question, given), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, questions: () => questions, close: async () => close(socket) };
}

async function close(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.close(resolve));
}

const headerLength = 12;

function readQuestion(message: Buffer): DnsQuestion {
  const labels: string[] = [];
  let at = headerLength;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1) === types.AAAA ? 'AAAA' : 'A' };
}

function response(message: Buffer, { name, type }: DnsQuestion, answer: Exclude<DnsAnswer, 'silence' | 'garbage'>): Buffer {
  const records = typeof answer === 'string' ? [] : recordsOf(answer, type);
  const header = Buffer.alloc(headerLength);
  message.copy(header, 0, 0, 2);
  // An answer, to whoever wished for recursion, from a server that does it.
  header.writeUInt16BE(0x81_80 | (typeof answer === 'string' ? codes[answer] : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  const question = message.subarray(headerLength, headerLength + name.length + 2 + 4);
  return Buffer.concat([header, question, ...records]);
}

function recordsOf(answer: readonly string[] | { readonly cname: string }, type: DnsQuestion['type']): Buffer[] {
  if ('cname' in answer) return [record(types.CNAME, nameBytes(answer.cname))];
  return answer
    .filter((address) => (type === 'AAAA') === address.includes(':'))
    .map((address) => record(types[type], type === 'AAAA' ? wideBytes(address) : bytesOf(address)));
}

/** A record of the name that was asked for. */
function record(type: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc0_00 | headerLength, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function bytesOf(address: string): Uint8Array {
  const bytes = addressBytes(address);
  if (bytes === null) throw new TypeError(`${address} is no address`);
  return bytes;
}

/** The 16 bytes of an IPv6 address, also of one that stands for an IPv4 address. */
function wideBytes(address: string): Uint8Array {
  const bytes = bytesOf(address);
  return bytes.length === 16 ? bytes : Uint8Array.of(...Array.from({ length: 10 }, () => 0), 0xff, 0xff, ...bytes);
}
