import type { Catalog } from '@hookwell/core';
import { contractComponents, contractPaths, type DocumentedLimit } from './contract-paths.ts';
import { payloadWebhooks } from './payload-webhooks.ts';
import { schemaComponents, type Json } from './schema-components.ts';

/** What a document is made of. */
export interface DocumentSource {
  readonly catalog: Catalog;
  readonly title: string;
  readonly description: string;
  readonly limit: DocumentedLimit;
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: Json;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly webhooks: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: Readonly<Record<string, Json>>;
}

/**
 * The OpenAPI document of one mount: everything that it serves, with the events and objects of its catalog. The same source
 * makes the same document, byte for byte. Its `servers` is where the document itself is found, so that it is right under
 * every path and behind every proxy.
 */
export function openApiDocument({ catalog, title, description, limit }: DocumentSource): OpenApiDocument {
  const components = schemaComponents();
  const payloads = payloadWebhooks(catalog);
  const paths = contractPaths(catalog, limit, components);
  const { responses, headers } = contractComponents(limit);
  return {
    openapi: '3.1.1',
    info: { title, description, version: '1' },
    servers: [{ url: '.', description: 'Where this document is.' }],
    tags: [
      { name: 'Webhooks', description: 'Subscribe, see subscriptions, unsubscribe.' },
      { name: 'Webhook log', description: 'What was sent, and what was answered.' },
    ],
    paths,
    webhooks: payloads.webhooks,
    components: {
      securitySchemes: {
        appId: { type: 'apiKey', in: 'header', name: 'Api-Appid', description: 'Your App ID.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'Api-Key', description: 'Your API key.' },
      },
      schemas: { ...components.all(), ...payloads.schemas },
      responses,
      headers,
    },
  } as OpenApiDocument;
}
