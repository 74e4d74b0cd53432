declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  const bundle: (configuration: import('./swagger-ui.ts').Configuration) => import('./swagger-ui.ts').System;
  export default bundle;
}
