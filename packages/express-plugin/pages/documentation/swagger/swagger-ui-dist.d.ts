/** It has no types of its own; what is used of it is in swagger-ui.ts. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  const bundle: unknown;
  export default bundle;
}
