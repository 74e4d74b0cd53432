// Runs once for all test files of a run of AVA, and so the server that it starts does.

import type { SharedWorker } from 'ava/plugin';
import { startPostgres } from './start-postgres.ts';

async function answerAll(protocol: SharedWorker.Protocol): Promise<void> {
  let url: Promise<string> | undefined;
  for await (const message of protocol.subscribe()) {
    // What these tests kill is clients; a server that loses power is another matter.
    url ??= startPostgres({ fsync: false }).then((server) => server.url);
    message.reply(await url);
  }
}

const shareServer: SharedWorker.Factory = (options) => {
  void answerAll(options.negotiateProtocol(['ava-4']).ready());
};

export default shareServer;
