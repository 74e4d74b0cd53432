import { readExamples, type DocumentationExamples } from '../pages/documentation-examples.ts';
import { catalogExample } from './example.ts';
import { defineRoute, type ManageContext, type ManageRoute } from './route.ts';
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
    async run(call) {
      const { catalog, subscriptions } = call.engine;
      const examples = await examplesFor(call);
      return {
        events: [...catalog.events.values()].map(({ name, parameter }) => ({
          name,
          parameter,
          examples: (examples.events[name] ?? []).map(({ number, name: known }) => ({ number, name: known })),
        })),
        objectTypes: [...catalog.objectTypes.values()].map(({ id, name, fields, lightweight }) => ({
          id,
          name,
          fields: [...fields],
          lightweight: [...lightweight],
        })),
        formats: [...subscriptions.formats],
        encodings: ['form', 'json'],
      };
    },
  }),
];

/** A host that cannot tell its examples keeps nobody from the catalog. */
async function examplesFor({
  accountId,
  engine,
  options,
  report,
}: ManageContext & { readonly accountId: string }): Promise<DocumentationExamples> {
  const { catalog } = engine;
  try {
    return await readExamples(accountId, options.documentation?.examples, catalog);
  } catch (error) {
    report(error);
    return readExamples(accountId, undefined, catalog);
  }
}
