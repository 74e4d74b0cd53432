import { setTimeout as after } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HostileStep } from './hostile-receiver-script.ts';

/**
 * Does one step after the other, for as long as there is a connection. Never rejects.
 *
 * @param response null where there is no request to answer
 */
export async function play(steps: readonly HostileStep[], socket: Socket, response: ServerResponse | null): Promise<void> {
  for (const step of steps) {
    if (socket.destroyed) return;
    if ('write' in step) await written(socket, step.write);
    else if ('waitMs' in step) await after(step.waitMs, undefined, { ref: false });
    else if ('drip' in step) drip(socket, step.drip, step.everyMs);
    else if ('flood' in step) flood(socket, step.flood);
    else if ('answer' in step) {
      if (response && !response.headersSent) response.writeHead(step.answer, step.headers).end(step.body ?? '');
    } else if (step.connection === 'end') socket.end();
    else if (step.connection === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  }
}

function written(socket: Socket, bytes: string | Uint8Array): Promise<unknown> {
  return new Promise((resolve) => socket.write(bytes, resolve));
}

function drip(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => {
    // Who does not read is not waited for with more and more in memory.
    if (!socket.writableNeedDrain) socket.write(text);
  }, everyMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}

function flood(socket: Socket, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}
