export { functionTransport, FunctionTransportOptionsSchema } from './function-transport.ts';
export type { FunctionTransportOptions, FunctionTransportOptionsInput, SendFunction } from './function-transport.ts';
