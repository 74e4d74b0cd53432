declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  const SwaggerUIBundle: unknown;
  export default SwaggerUIBundle;
}
