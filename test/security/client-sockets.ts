import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Every connection that this process has opened since it began to look. */
export class ClientSockets {
  readonly #open = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #opened = 0;
  #mostRead = 0;

  constructor() {
    subscribe('net.client.socket', (message) => {
      const { socket } = message as { readonly socket: Socket };
      this.#opened += 1;
      this.#open.add(socket);
      socket.once('close', () => {
        this.#mostRead = Math.max(this.#mostRead, socket.bytesRead);
        this.#open.delete(socket);
        for (const look of this.#waiting) look();
      });
    });
  }

  opened(): number {
    return this.#opened;
  }

  /** Resolves once so few are open. */
  async fallTo(count: number): Promise<void> {
    while (this.#open.size > count) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    }
  }

  /** The most bytes that one of those read which were closed since this was asked last. */
  takeMostRead(): number {
    const most = this.#mostRead;
    this.#mostRead = 0;
    return most;
  }
}
