// The settings of an application, as the API describes them, as items of a form.
import type { AppDetail, ClusterValues } from '../api/types';
import { text, type Item } from './fields';

type Setting = AppDetail['settings'][number];

/** itemsOf are the items of a form; with the values in force of a cluster, those are what is changed. */
export function itemsOf(from: AppDetail | ClusterValues | undefined): Item[] {
  return (from?.settings ?? []).map(itemOf);
}

function itemOf(s: Setting): Item {
  const f = s.form;
  return {
    path: s.path,
    key: f?.key ?? s.path,
    label: s.label,
    description: s.description,
    type: s.type,
    default: f?.default,
    preset: f?.preset,
    now: f?.value,
    required: s.required,
    range: f?.range,
    min: bound(f?.min),
    max: bound(f?.max),
    step: bound(f?.step),
    pattern: f?.pattern,
    multichoice: f?.multichoice,
    separator: f?.separator,
    changeable: s.changeable,
    kept: f?.kept,
    byGroup: f?.resource_group,
    dependencies: f?.dependencies,
  };
}

function bound(v: string | undefined): number | undefined {
  return v === undefined ? undefined : Number(v);
}

/** changeable are the items that a cluster may change, each with its value in force in place of the default. */
export function changeable(from: ClusterValues | undefined): Item[] {
  return itemsOf(from).filter((i) => i.changeable).map(({ now, ...i }) => ({ ...i, required: false, default: now, byDefault: i.default }));
}

/** groupsOf are the labels of groups by path. */
export function groupsOf(app: AppDetail | undefined): Record<string, { label?: string; description?: string }> {
  return Object.fromEntries((app?.groups ?? []).map((g) => [g.path, g]));
}

/** textsOf are the texts of a package in a language, and of none in another. */
export function textsOf(texts: AppDetail['texts'], language: string): Record<string, string> {
  const name = Object.keys(texts ?? {}).find((k) => k.split('-')[0] === language);
  return (name && texts?.[name]) || {};
}

const groupPath = 'cluster.resource_group';

/**
 * applied are the items that apply with what was typed, each with what it gets when nothing is typed for it: the value of its
 * resource group, or its default.
 */
export function applied(items: readonly Item[], typed: Record<string, string>): Item[] {
  const chooser = items.find((i) => i.path === groupPath);
  const chosen = (chooser?.range ?? []).map(text).indexOf(chooser ? (typed[groupPath] ?? text(chooser.default)) : '');
  const all = items.map((i) => (i.byGroup?.[chosen] === undefined ? i : { ...i, default: i.byGroup[chosen] }));
  const byPath = new Map(all.map((i) => [i.path, i]));
  const applies = (i: Item, depth: number): boolean =>
    (i.dependencies ?? []).every((d) => {
      const other = byPath.get(d.path);
      if (!other || depth === 20) return true;
      return d.values.includes(typed[other.path] ?? text(other.default)) !== (d.not ?? false) && applies(other, depth + 1);
    });
  return all.filter((i) => applies(i, 0));
}
