import bundle from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import './swagger.css';

export function show(node: HTMLElement, url: string): unknown {
  return (bundle as (o: object) => unknown)({
    domNode: node,
    url,
    validatorUrl: null,
    deepLinking: false,
    docExpansion: 'list',
    tryItOutEnabled: true,
  });
}
