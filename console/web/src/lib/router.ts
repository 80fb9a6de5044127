// Which page a path shows. A route is a pattern of literal and `:named` segments; the first that fits wins.

export type Params = Record<string, string>;

export interface Match<T> {
  route: T;
  params: Params;
}

export function match<T extends { path: string }>(routes: readonly T[], path: string): Match<T> | undefined {
  const given = segments(path);
  for (const route of routes) {
    const params = fit(segments(route.path), given);
    if (params) return { route, params };
  }
  return undefined;
}

function segments(path: string): string[] {
  return path.split('/').filter((s) => s !== '');
}

function fit(pattern: string[], given: string[]): Params | undefined {
  if (pattern.length !== given.length) return undefined;
  const params: Params = {};
  for (const [i, want] of pattern.entries()) {
    const has = given[i] ?? '';
    if (want.startsWith(':')) {
      const value = decoded(has);
      if (value === undefined) return undefined;
      params[want.slice(1)] = value;
    } else if (want !== has) return undefined;
  }
  return params;
}

function decoded(s: string): string | undefined {
  try {
    return decodeURIComponent(s);
  } catch {
    return undefined;
  }
}

/** href writes a path: href('/clusters/:id', { id: 'cl-1' }, { q: 'x' }). Empty query values are left out. */
export function href(pattern: string, params: Params = {}, query: Record<string, string | undefined> = {}): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [k, v] of Object.entries(query)) if (v) search.set(k, v);
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}
