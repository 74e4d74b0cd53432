import type { SectionHandler } from './section.ts';
import { sendText } from './send-text.ts';

/** Refuses, with 405, every method but GET and HEAD before the handler sees them; `instead` says where they belong. */
export function onlyGet(handler: SectionHandler, instead = ''): SectionHandler {
  return async (request, response) => {
    const { method = '' } = request;
    if (method === 'GET' || method === 'HEAD') return handler(request, response);
    sendText(response, 405, `${method} does nothing here.${instead === '' ? '' : ` ${instead}`}`, { Allow: 'GET, HEAD' });
  };
}
