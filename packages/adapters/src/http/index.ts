export { HttpTransportOptionsSchema } from './http-options.ts';
export type { HttpTransportOptions, HttpTransportOptionsInput } from './http-options.ts';
export { httpTransport } from './http-transport.ts';
export { OAuth2ClientSchema } from './oauth2-client.ts';
export type { OAuth2Client } from './oauth2-client.ts';
