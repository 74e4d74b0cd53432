import type { Server, ServerResponse } from 'node:http';
import type { HostRequest } from './request.ts';

/** How often a stream looks whether it is to end, in milliseconds. */
const lookEveryMs = 1_000;

/** How often it shows that it is there, so that nobody between takes the connection for dead. */
const pulseEveryMs = 20_000;

/** What a stream is opened with. */
interface EventStreamOptions {
  /** What the answer carries beside the headers of every stream. */
  readonly headers?: Readonly<Record<string, string>>;
  /** After what time the client comes again when the connection has ended. */
  readonly retryMs: number;
  /** How long the connection lives: then the client comes again, and is asked anew who it is. */
  readonly maxMs: number;
  /** Bytes that a client may leave unread before it is let go. */
  readonly maxUnreadBytes: number;
  /** Called once, when nothing can be sent any more; never before `openEventStream` has answered. */
  readonly onClose: () => void;
}

/** An answer that goes on: server-sent events. */
export interface EventStream {
  /** Sends an event with its data as JSON; nothing once the stream has ended. */
  readonly send: (event: string, data: unknown) => void;
  readonly end: () => void;
}

/**
 * Answers with a stream of server-sent events. It ends by itself when its time is over, when the client does not read, and
 * about a second after the server has stopped listening: a server that closes waits for its connections.
 */
export function openEventStream(request: HostRequest, response: ServerResponse, options: EventStreamOptions): EventStream {
  const { headers, retryMs, maxMs, maxUnreadBytes, onClose } = options;

  const write = (text: string): void => {
    // It may be on its way out: "close" comes a turn later.
    if (response.destroyed || response.writableEnded) return;
    if (response.writableLength > maxUnreadBytes) response.destroy();
    else response.write(text);
  };
  const stream: EventStream = {
    send: (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => void response.end(),
  };
  if (response.destroyed) {
    queueMicrotask(onClose);
    return stream;
  }

  const { server } = request.socket as { readonly server?: Server };
  // A server that is handed its connections by another one never listens, and is not closing therefore.
  const listened = server?.listening === true;
  let ms = 0;
  const timer = setInterval(() => {
    ms += lookEveryMs;
    if (ms >= maxMs || (listened && !server.listening)) stream.end();
    else if (ms % pulseEveryMs === 0) write(': still here\n\n');
  }, lookEveryMs);
  timer.unref();
  response.once('close', () => {
    clearInterval(timer);
    onClose();
  });

  response.writeHead(200, {
    ...headers,
    'Content-Type': 'text/event-stream',
    // Proxies and compressing middleware would hold back what is to be told now.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
    // What is kept alive keeps a server from closing, and could be asked for the next stream.
    Connection: 'close',
  });
  write(`retry: ${retryMs}\n: connected\n\n`);
  if (request.method === 'HEAD') stream.end();
  return stream;
}
