import type { Component } from 'svelte';
import type { Params } from './lib/router';
import type { Key } from './texts/texts.svelte';

/** Pages without a part in their path take no parameters. */
export type Page = Component<{ params: Params }> | Component<Record<string, never>>;

export interface Route {
  path: string;
  title: Key;
  load: () => Promise<{ default: Page }>;
}

/** The pages. Each is loaded when it is first shown. */
export const routes: readonly Route[] = [
  { path: '/', title: 'nav.clusters', load: () => import('./pages/Clusters.svelte') },
  { path: '/create', title: 'create.title', load: () => import('./pages/Create.svelte') },
  { path: '/clusters/:id', title: 'nav.clusters', load: () => import('./pages/Cluster.svelte') },
  { path: '/clusters/:id/doctor', title: 'doctor.title', load: () => import('./pages/Doctor.svelte') },
  { path: '/clusters/:id/:verb', title: 'nav.clusters', load: () => import('./pages/Verb.svelte') },
  { path: '/operations/:id', title: 'operation.title', load: () => import('./pages/Operation.svelte') },
  { path: '/concerns', title: 'nav.concerns', load: () => import('./pages/Concerns.svelte') },
  { path: '/apps', title: 'nav.apps', load: () => import('./pages/Apps.svelte') },
  { path: '/backups', title: 'nav.backups', load: () => import('./pages/Backups.svelte') },
  { path: '/machines', title: 'nav.machines', load: () => import('./pages/Machines.svelte') },
  { path: '/orphans', title: 'nav.orphans', load: () => import('./pages/Orphans.svelte') },
  { path: '/audit', title: 'nav.audit', load: () => import('./pages/Audit.svelte') },
  { path: '/tokens', title: 'nav.tokens', load: () => import('./pages/Tokens.svelte') },
];
