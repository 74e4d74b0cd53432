import type { HostRequest } from '../request.ts';
import type { ArrivedBody } from './bin.ts';

/** How much of a body is read. */
interface BodyBounds {
  /** Bytes that are kept. */
  readonly bytesPerRequest: number;
  /** How long it may take. */
  readonly bodyMs: number;
}

/** Bytes that are read at all: who sends more than that is answered in the middle of it. */
const maxBytesRead = 16 * 1_048_576;

/** Reads what came, and never longer or more than it may. Never rejects: what is wrong with a body is said in its notes. */
export async function readArrivedBody(
  request: HostRequest,
  bounds: BodyBounds,
): Promise<ArrivedBody & { readonly ended: boolean }> {
  // Express 4 sets an empty `body` on requests that no parser has touched: only the stream tells.
  if (request.readableDidRead) return { ...readParsed(request.body, bounds.bytesPerRequest), ended: true };
  return readStream(request, bounds);
}

const takenNote = 'A body parser of this host read the body first, so its bytes are not known here.';

function readParsed(body: unknown, most: number): ArrivedBody {
  if (Buffer.isBuffer(body)) return kept(body, body.length, most, []);
  if (typeof body === 'string') {
    const bytes = Buffer.from(body);
    return kept(bytes, bytes.length, most, [
      'A body parser of this host read the body as text: bytes that were not UTF-8 are lost.',
    ]);
  }
  if (body === undefined) {
    return { bytes: null, parsed: null, size: null, whole: false, notes: [`${takenNote} It was dropped.`] };
  }
  const text = jsonOf(body);
  const whole = text.length <= most;
  return {
    bytes: null,
    parsed: whole ? text : text.slice(0, most).toWellFormed(),
    size: null,
    whole: false,
    notes: [
      `${takenNote} This is what it made of it.`,
      ...(whole ? [] : [`Only the first ${most} characters of that are kept.`]),
    ],
  };
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return '"It cannot be shown as JSON."';
  }
}

function kept(bytes: Buffer, size: number, most: number, notes: readonly string[]): ArrivedBody {
  const whole = bytes.length === size && size <= most;
  // A copy, so that a part of a parser's buffer does not keep all of it.
  const part = bytes.length <= most ? bytes : Buffer.from(bytes.subarray(0, most));
  const cut = size > most ? [`Only the first ${most} of its bytes are kept.`] : [];
  return { bytes: part, parsed: null, size, whole, notes: [...notes, ...cut] };
}

async function readStream(
  request: HostRequest,
  { bytesPerRequest, bodyMs }: BodyBounds,
): Promise<ArrivedBody & { readonly ended: boolean }> {
  const parts: Buffer[] = [];
  let size = 0;
  let keptSize = 0;
  const end = await new Promise<'whole' | 'broken' | 'slow' | 'endless'>((resolve) => {
    const timer = setTimeout(() => resolve('slow'), bodyMs);
    timer.unref();
    request.on('data', (part: Buffer) => {
      size += part.length;
      const room = bytesPerRequest - keptSize;
      if (room > 0) {
        parts.push(part.length <= room ? part : part.subarray(0, room));
        keptSize += Math.min(part.length, room);
      }
      if (size > maxBytesRead) resolve('endless');
    });
    request.once('end', () => resolve('whole'));
    request.once('error', () => resolve('broken'));
    request.once('close', () => {
      clearTimeout(timer);
      resolve('broken');
    });
  });
  if (end !== 'whole') request.pause();
  const ended = end === 'whole' || end === 'broken';
  const notes = {
    whole: [],
    broken: ['The connection broke before the body was complete.'],
    slow: [`The body was not complete after ${bodyMs / 1_000} s; the request was answered without the rest.`],
    endless: [`The body did not end within ${maxBytesRead} bytes; the request was answered without the rest.`],
  }[end];
  const body = kept(Buffer.concat(parts), size, bytesPerRequest, notes);
  return { ...body, whole: body.whole && end === 'whole', ended };
}
