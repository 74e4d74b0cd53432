import type { Catalog } from '@hookwell/core';
import { contractComponents, contractPaths, type DocumentedLimit } from './contract-paths.ts';
import { managePaths, manageTags } from './manage-paths.ts';
import { payloadWebhooks } from './payload-webhooks.ts';
import { schemaComponents, type Json } from './schema-components.ts';

/** The name of the cookie is the host's, and browsers send it by themselves. */
const session: Json = {
  type: 'apiKey',
  in: 'cookie',
  name: 'session',
  description: 'The session of whoever is signed in to the CRM, by the cookie of its own; taken from its own pages.',
};

/** What a document is made of. */
export interface DocumentSource {
  readonly catalog: Catalog;
  readonly title: string;
  readonly description: string;
  readonly limit: DocumentedLimit;
  /** Whether the management API is served, and whether sessions may use it. */
  readonly manage: { readonly session: boolean } | null;
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
export function openApiDocument({ catalog, title, description, limit, manage }: DocumentSource): OpenApiDocument {
  const components = schemaComponents();
  const payloads = payloadWebhooks(catalog);
  const paths = {
    ...contractPaths(catalog, limit, components),
    ...(manage && managePaths(limit, manage.session, components)),
  };
  const { responses, headers } = contractComponents(limit);
  return {
    openapi: '3.1.1',
    info: { title, description, version: '1' },
    servers: [{ url: '.', description: 'Where this document is.' }],
    tags: [
      { name: 'Webhooks', description: 'Subscribe, see subscriptions, unsubscribe.' },
      { name: 'Webhook log', description: 'What was sent, and what was answered.' },
      ...Object.entries(manage ? manageTags : {}).map(([name, about]) => ({ name, description: about })),
    ],
    paths,
    webhooks: payloads.webhooks,
    components: {
      securitySchemes: {
        appId: { type: 'apiKey', in: 'header', name: 'Api-Appid', description: 'Your App ID.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'Api-Key', description: 'Your API key.' },
        ...(manage?.session && { session }),
      },
      schemas: { ...components.all(), ...payloads.schemas },
      responses,
      headers,
    },
  } as OpenApiDocument;
}
