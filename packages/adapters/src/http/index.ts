export { HttpTransportOptionsSchema } from './http-options.ts';
export type { HttpTransportOptions, HttpTransportOptionsInput } from './http-options.ts';
export { httpTransport } from './http-transport.ts';
