import { catalogExample } from './example.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import { CatalogSchema } from './schemas-stats.ts';

/** `manage/catalog`: what can be subscribed to. */
export const catalogRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'getCatalog',
    tag: 'Catalog',
    method: 'GET',
    path: '/manage/catalog',
    summary: 'See what can be subscribed to',
    description: 'The events and object types of the CRM, and how payloads can be written.',
    permission: 'read',
    parameters: null,
    query: null,
    body: null,
    answer: {
      status: 200,
      description: 'The catalog.',
      contentType: 'application/json',
      schema: CatalogSchema,
      example: catalogExample,
    },
    errors: [],
    async run({ engine }) {
      const { events, objectTypes } = engine.catalog;
      return {
        events: [...events.values()].map(({ name, parameter }) => ({ name, parameter, examples: [] })),
        objectTypes: [...objectTypes.values()].map(({ id, name, fields, lightweight }) => ({
          id,
          name,
          fields: [...fields],
          lightweight: [...lightweight],
        })),
        formats: ['full', 'lightweight', 'notify'],
        encodings: ['form', 'json'],
      };
    },
  }),
];
