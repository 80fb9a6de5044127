// What the pages ask the API, by subject.
import { call, type Answer } from './client';
import type * as T from './types';

export interface Sending {
  /** The name of the request: sent again under it, it is carried out once. */
  key?: string;
  signal?: AbortSignal;
}

// --- who ---------------------------------------------------------------------------------------------------------

export const about = () => call('get', '/v1/about');
export const session = () => call('get', '/v1/session');
export const logIn = (token: string) => call('post', '/v1/session', { body: { token } });
export const logOut = () => call('delete', '/v1/session');
export const tokens = async () => items(await call('get', '/v1/tokens'));
export const makeToken = (name: string, role: T.Role, days: number, labels: Record<string, string>) =>
  call('post', '/v1/tokens', { body: { name, role, expires_in: `${days * 24}h`, ...(Object.keys(labels).length ? { labels } : {}) } });
export const revokeToken = (id: string) => call('delete', '/v1/tokens/{id}', { path: { id } });
export const audit = (cursor?: string) => call('get', '/v1/audit', { query: { cursor, limit: 200 } });

// --- clusters and operations -------------------------------------------------------------------------------------

export interface ListQuery {
  q?: string;
  state?: string;
  sort?: string;
  cursor?: string;
  limit?: number;
}

export const clusters = (query: ListQuery) =>
  call('get', '/v1/clusters', { query: { ...query, state: query.state ? [query.state] : undefined, sort: query.sort as undefined } });
export const cluster = (id: string) => call('get', '/v1/clusters/{id}', { path: { id }, query: { agents: true } });
export const edit = (id: string, change: T.ClusterChange) => call('patch', '/v1/clusters/{id}', { path: { id }, body: change });
/** What needs attention, of one cluster or of all; total is more than the items when only the first are listed. */
export const concerns = (cluster?: string) => call('get', '/v1/concerns', { query: { cluster } });
export const values = (id: string) => call('get', '/v1/clusters/{id}/values', { path: { id } });
export const examination = (id: string) => call('get', '/v1/clusters/{id}/examination', { path: { id } });
export const operations = async (id: string) => items(await call('get', '/v1/clusters/{id}/operations', { path: { id }, query: { limit: 20 } }));
export const operation = (id: string) => call('get', '/v1/operations/{id}', { path: { id } });
export const cancel = (id: string) => call('post', '/v1/operations/{id}/cancel', { path: { id } });
export const resolve = (id: string, body: { action: string; step: string; reason?: string }) => call('post', '/v1/operations/{id}/resolve', { path: { id }, body });

/** operationEvents streams an operation until it ends; on gets the data of each event. */
export function operationEvents(id: string, on: (data: string) => void): EventSource {
  const source = new EventSource(`/v1/operations/${encodeURIComponent(id)}/events`);
  const take = (e: Event) => on((e as MessageEvent<string>).data);
  source.addEventListener('update', take);
  source.addEventListener('end', take);
  return source;
}

export type CreateInput = { app: string } & Record<string, unknown>;

export const create = (input: CreateInput, sending: Sending) => call('post', '/v1/clusters', { body: { input }, ...sending });
export const planCreate = async (input: CreateInput, signal: AbortSignal) => planned(await call('post', '/v1/clusters', { body: { input }, query: { dry_run: true }, signal }));

// The document has a request of its own for each operation; the pages make them from tables.
const start = (type: string, input: Record<string, unknown>) => ({ type, input }) as never;

export const operate = (id: string, type: string, input: Record<string, unknown>, sending: Sending) =>
  call('post', '/v1/clusters/{id}/operations', { path: { id }, body: start(type, input), ...sending });
export const plan = async (id: string, type: string, input: Record<string, unknown>, signal: AbortSignal) =>
  planned(await call('post', '/v1/clusters/{id}/operations', { path: { id }, body: start(type, input), query: { dry_run: true }, signal }));

function planned(a: Answer<T.Operation>): Answer<T.OperationResult> {
  if (!a.value) return a;
  return { value: a.value.result ?? { cluster_id: a.value.cluster_id, operation: a.value.type, cluster_state: '', nodes: 0 } };
}

// --- applications ------------------------------------------------------------------------------------------------

export const apps = async () => items(await call('get', '/v1/apps'));
export const app = (name: string, version: string) => call('get', '/v1/apps/{app}/versions/{version}', { path: { app: name, version } });
export const publish = (name: string, version: string, file: File) => call('post', '/v1/apps', { query: { app: name, version }, body: file });

export const unpublish = (name: string, version: string) => call('delete', '/v1/apps/{app}/versions/{version}', { path: { app: name, version } });
export const yank = (name: string, version: string, undo: boolean) =>
  call('post', '/v1/apps/{app}/versions/{version}/yank', { path: { app: name, version }, body: { undo } });

// --- backups -----------------------------------------------------------------------------------------------------

export const backups = async (cluster?: string) => items(await call('get', '/v1/backups', { query: { cluster: cluster || undefined } }));
export const restore = (id: string, input: object, sending: Sending) => call('post', '/v1/backups/{id}/restore', { path: { id }, body: { input }, ...sending });
export const verify = (id: string, sending: Sending) => call('post', '/v1/backups/{id}/verify', { path: { id }, body: { input: {} }, ...sending });
export const planVerify = async (id: string, signal: AbortSignal) =>
  planned(await call('post', '/v1/backups/{id}/verify', { path: { id }, body: { input: {} }, query: { dry_run: true }, signal }));
export const planRestore = async (id: string, input: object, signal: AbortSignal) =>
  planned(await call('post', '/v1/backups/{id}/restore', { path: { id }, body: { input }, query: { dry_run: true }, signal }));

// --- machines and orphans ----------------------------------------------------------------------------------------

export const providers = async () => items(await call('get', '/v1/providers'));
export const hosts = async () => items(await call('get', '/v1/hosts'));
export const orphans = () => call('get', '/v1/orphans');
export const retryOrphans = () => call('post', '/v1/orphans/retry');
export const collect = (id: string, dryRun: boolean) => call('post', '/v1/clusters/{id}/orphans/collect', { path: { id }, body: { dry_run: dryRun } });

function items<I>(a: Answer<{ items: I[] }>): Answer<I[]> {
  return a.value ? { value: a.value.items } : a;
}
