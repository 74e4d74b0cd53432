import bundle from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import { account } from '../account.ts';
import { plugin } from './plugin.ts';
import { repair } from './repair.ts';
import './swagger.css';
import type { Configuration, System } from './swagger-ui.ts';

const SwaggerUI = bundle as (configuration: Configuration) => System;

/** Draws the API of a document; resolves once it is there. Requests from it carry the keys that were entered. */
export async function drawApi(place: HTMLElement, url: string): Promise<void> {
  repair(place);
  await new Promise<void>((resolve) => {
    const ui = SwaggerUI({
      domNode: place,
      url,
      layout: 'EndpointsLayout',
      plugins: [plugin],
      onComplete() {
        // Its ways to authorize are known from now on.
        authorize();
        account.listen(authorize);
        resolve();
      },
      validatorUrl: null,
      deepLinking: false,
      docExpansion: 'list',
      tryItOutEnabled: true,
      displayRequestDuration: true,
      syntaxHighlight: { activated: false },
    });
    let authorized = false;
    function authorize(): void {
      const { keys } = account.read();
      if (keys) {
        ui.preauthorizeApiKey('appId', keys.appId);
        ui.preauthorizeApiKey('apiKey', keys.apiKey);
      } else if (authorized) {
        ui.authActions.logout(['appId', 'apiKey']);
      }
      authorized = keys !== null;
    }
  });
}
