// The operations on a cluster that exists: the fields of each, and which of them can lose data. The pages draw their forms
// from this, the server decides.
import type { Item, Typed } from './fields';
import { sent } from './fields';

export interface RoleOf {
  name: string;
  cpu?: number;
  memory?: number;
  volume_size?: number;
}

export interface ClusterFacts {
  cluster_id: string;
  roles: RoleOf[];
  /** The role that is chosen, where the form has a choice. */
  role?: string;
  nodes: { node_id: string; role: string; sid: number }[];
  versions: string[]; // published ones beside the one that runs
}

export interface Verb {
  operation: string;
  /** In paths. */
  slug: string;
  fields: (c: ClusterFacts) => Item[];
  /** Data can be lost: the cluster's id is typed to confirm. */
  loses?: boolean;
  /** The services that may be run, and values of env, have forms of their own. */
  own?: 'env' | 'service';
  /** Ways to fail beside hold, the default first. */
  onFailure?: string[];
  waits?: boolean;
}

const item = (path: string, type: string, more: Partial<Item> = {}): Item => ({ path, key: path, type, ...more });

function role(c: ClusterFacts, required: boolean): Item[] {
  const names = c.roles.map((r) => r.name);
  if (names.length < 2) return [];
  return [item('role', 'string', { range: required ? names : ['', ...names], default: required ? names[0] : '' })];
}

const nodeList = (c: ClusterFacts, required: boolean) =>
  item('nodes', 'string', { multichoice: true, range: c.nodes.map((n) => n.node_id), names: Object.fromEntries(c.nodes.map((n) => [n.node_id, `${n.role || 'node'}/${n.sid} ${n.node_id}`])), required });

function sizes(c: ClusterFacts): Item[] {
  const now = c.roles.find((r) => r.name === c.role) ?? c.roles[0];
  return (['cpu', 'memory', 'volume_size'] as const).map((key) => item(key, 'integer', { min: key === 'volume_size' ? now?.volume_size : 1, now: now?.[key] }));
}

export const verbs: readonly Verb[] = [
  { operation: 'StartCluster', slug: 'start', fields: () => [], waits: true },
  { operation: 'StopCluster', slug: 'stop', fields: () => [] },
  { operation: 'RestartCluster', slug: 'restart', fields: (c) => role(c, false) },
  { operation: 'AddNodes', slug: 'add-nodes', fields: (c) => [...role(c, true), item('count', 'integer', { min: 1, required: true, default: 1 })], waits: true },
  { operation: 'DeleteNodes', slug: 'delete-nodes', fields: (c) => [nodeList(c, true), item('force', 'boolean', { default: false })], loses: true, waits: true },
  { operation: 'ScaleVertical', slug: 'scale', fields: (c) => [...role(c, true), ...sizes(c)], waits: true },
  { operation: 'UpdateEnv', slug: 'env', fields: () => [], own: 'env', waits: true },
  { operation: 'RunService', slug: 'service', fields: (c) => [item('service', 'string', { required: true, pattern: '^[A-Za-z0-9_.-]+$' }), ...role(c, false)], own: 'service' },
  { operation: 'UpgradeCluster', slug: 'upgrade', fields: (c) => [item('version', 'string', { range: c.versions, required: true, default: c.versions[0] ?? '' })], onFailure: ['stop', 'rollback'], waits: true },
  { operation: 'DowngradeCluster', slug: 'downgrade', fields: () => [], waits: true },
  { operation: 'BackupCluster', slug: 'backup', fields: () => [item('target', 'string'), item('full', 'boolean', { default: false })] },
  { operation: 'RepairCluster', slug: 'repair', fields: (c) => [nodeList(c, false)], waits: true },
  { operation: 'DeleteCluster', slug: 'delete', fields: () => [item('keep', 'string', { pattern: '^(0|([0-9]+(\\.[0-9]+)?(s|m|h))+)$' }), item('force', 'boolean', { default: false })], loses: true },
  { operation: 'RecoverCluster', slug: 'recover', fields: () => [], waits: true },
  { operation: 'CeaseCluster', slug: 'cease', fields: () => [], loses: true },
];

export function verbOf(slug: string): Verb | undefined {
  return verbs.find((v) => v.slug === slug);
}

/** how are the fields that operations share: what a failure does, and how long nodes may take. */
export function how(onFailure: readonly string[], waits: boolean): Item[] {
  const out = [item('on_failure', 'string', { range: [...onFailure, 'hold'], default: onFailure[0] })];
  if (waits) {
    out.push(item('strict_config', 'boolean', { default: false }));
    out.push(item('barrier_timeout', 'string', { default: '5m', pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))+$' }));
  }
  return out;
}

/** inputOf is the input of an operation: fields that were left at their defaults are left to the server. */
export function inputOf(fields: readonly Item[], typed: Typed): Record<string, unknown> {
  const out = sent(fields, typed);
  for (const f of fields) {
    if (f.path === 'nodes' && typeof out.nodes === 'string') out.nodes = out.nodes === '' ? [] : out.nodes.split(',');
    if (f.required && out[f.path] === undefined && f.default !== undefined && f.default !== '') out[f.path] = f.default;
    if (f.path === 'role' && f.default && out.role === undefined) out.role = f.default;
  }
  return out;
}
