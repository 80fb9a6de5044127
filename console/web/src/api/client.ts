// Requests to the API, typed by its document. Every request is answered: with a value, or with what went wrong.
import { t } from '../texts/texts.svelte';
import type { paths } from './schema';
import { noTrouble, troubleOf, type Trouble } from './trouble';

export type Answer<T> = { value: T; trouble?: undefined } | { value?: undefined; trouble: Trouble };

type Method = 'get' | 'post' | 'patch' | 'delete';
type Has<M extends Method> = { [P in keyof paths]: paths[P][M] extends undefined ? never : P }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Query<O> = O extends { parameters: { query?: infer Q } } ? Q : never;
type Path<O> = O extends { parameters: { path: infer Q } } ? Q : undefined;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : Blob;
type Success<R> = { [S in keyof R & (200 | 201 | 202)]: R[S] extends { content: { 'application/json': infer B } } ? B : never }[keyof R & (200 | 201 | 202)];
type Result<O> = O extends { responses: infer R } ? Success<R> : never;

export interface Options<O> {
  path?: Path<O>;
  query?: Query<O>;
  body?: Body<O>;
  /** The name of the request: sent again under it, it is carried out once. */
  key?: string;
  signal?: AbortSignal;
}

let onExpired = () => {};

/** whenExpired sets what is called when the API asks for a log-in. */
export function whenExpired(f: () => void) {
  onExpired = f;
}

/** call sends a request to a path of the API's document. */
export function call<M extends Method, P extends Has<M>>(method: M, path: P, options: Options<Operation<P, M>> = {}): Promise<Answer<Result<Operation<P, M>>>> {
  return send(method.toUpperCase(), address(path, options.path, options.query), options.body, options.key, options.signal);
}

/** address fills the parts of a path and adds its query; empty values are left out. */
export function address(path: string, parts: unknown, query: unknown = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String((parts as Record<string, unknown> | undefined)?.[name] ?? '')));
  const search = new URLSearchParams();
  for (const [k, v] of Object.entries(query as Record<string, unknown>)) {
    if (v !== undefined && v !== '' && v !== false && !(Array.isArray(v) && v.length === 0)) search.set(k, String(v));
  }
  return search.size ? `${filled}?${search}` : filled;
}

async function send<T>(method: string, to: string, body: unknown, key?: string, signal?: AbortSignal): Promise<Answer<T>> {
  const raw = body instanceof Blob;
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json' };
  if (body !== undefined) headers['Content-Type'] = raw ? 'application/octet-stream' : 'application/json';
  if (key) headers['Idempotency-Key'] = key;
  let response: Response;
  try {
    response = await fetch(to, { method, headers, signal, body: body === undefined ? undefined : raw ? body : JSON.stringify(body) });
  } catch {
    return { trouble: { ...noTrouble, title: t('problem.offline'), hint: t('problem.offlineHint') } };
  }
  const answer = parsed(await response.text().catch(() => ''));
  if (response.ok) return { value: answer as T };
  if (response.status === 401) onExpired();
  return { trouble: troubleOf(response.status, answer) };
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
