/** What a table of routes has for each. */
interface Routed {
  readonly method: string;
  /** With a template: `/manage/subscriptions/{id}`. */
  readonly path: string;
}

/** What a path leads to: its routes by method, and what stands in place of the names in braces. */
interface Match<Route> {
  readonly methods: ReadonlyMap<string, Route>;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Makes what finds the routes of a path, by the templates of a table.
 *
 * @param hasHead whether a route that is read with GET can be asked for its head alone: not where its answer goes on
 */
export function matcher<Route extends Routed>(
  routes: readonly Route[],
  hasHead: (route: Route) => boolean,
): (path: string) => Match<Route> | null {
  const templates = new Map<string, { readonly parts: readonly string[]; readonly methods: Map<string, Route> }>();
  for (const route of routes) {
    const template = templates.get(route.path) ?? { parts: route.path.split('/'), methods: new Map<string, Route>() };
    template.methods.set(route.method, route);
    if (route.method === 'GET' && hasHead(route)) template.methods.set('HEAD', route);
    templates.set(route.path, template);
  }

  return (path) => {
    const given = path.split('/');
    for (const { parts, methods } of templates.values()) {
      const parameters = parts.length === given.length ? fill(parts, given) : null;
      if (parameters) return { methods, parameters };
    }
    return null;
  };
}

function fill(parts: readonly string[], given: readonly string[]): Record<string, string> | null {
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const text = given[index] ?? '';
    if (part.startsWith('{')) {
      const decoded = decode(text);
      if (decoded === null) return null;
      parameters[part.slice(1, -1)] = decoded;
    } else if (part !== text) {
      return null;
    }
  }
  return parameters;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
