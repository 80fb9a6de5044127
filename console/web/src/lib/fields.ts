// The fields of a form that is drawn from config.json, and what is wrong with what was typed. The server checks again and
// has the last word; this is for an answer at the field before anything is sent.

export interface Item {
  path: string;
  key: string;
  label?: string;
  description?: string;
  type: string;
  default?: unknown;
  required?: boolean;
  range?: unknown[];
  min?: number;
  max?: number;
  step?: number;
  pattern?: string;
  multichoice?: boolean;
  separator?: string;
  changeable?: boolean;
  /** There is a default, also where it is not shown. */
  preset?: boolean;
  /** A new cluster keeps the default. */
  kept?: boolean;
  /** Defaults by resource group. */
  byGroup?: string[];
  /** Conditions on other items, all of which hold where the item applies. */
  dependencies?: { path: string; values: string[]; not?: boolean }[];
  /** The value in force, where it is known. */
  now?: unknown;
  /** What a cluster gets whose value is not known here. */
  byDefault?: unknown;
  /** Names of choices for people. */
  names?: Record<string, string>;
}

export interface Group {
  path: string;
  label: string;
  description?: string;
  items: Item[];
}

/** Values as typed, by path. What is not in it was not touched. */
export type Typed = Record<string, string>;

export type Control = 'switch' | 'choice' | 'choices' | 'secret' | 'number' | 'list' | 'text' | 'long';

/** The control that an item is edited with. */
export function control(item: Item): Control {
  if (item.multichoice) return item.range?.length ? 'choices' : 'text';
  if (item.type === 'password' || item.type === 'accesskey') return 'secret';
  if (item.range?.length) return 'choice';
  if (item.type === 'boolean') return 'switch';
  if (item.type === 'integer' || item.type === 'number') return 'number';
  if (item.type === 'array' || Array.isArray(item.default)) return 'list';
  return text(item.default).includes('\n') ? 'long' : 'text';
}

/** text is a value as it is typed. */
export function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** shown is what the field of an item shows: what was typed, or else its default. */
export function shown(item: Item, typed: Typed): string {
  return typed[item.path] ?? text(item.default);
}

export interface Wrong {
  key: 'required' | 'integer' | 'number' | 'boolean' | 'least' | 'most' | 'step' | 'range' | 'pattern' | 'list';
  value: string;
}

/** wrong says why a typed value cannot be taken; undefined: nothing found. The default is always fine. */
export function wrong(item: Item, typed: string | undefined): Wrong | undefined {
  const value = typed ?? text(item.default);
  if (value === '') return item.required && !item.multichoice && text(item.default) === '' && !item.preset ? { key: 'required', value: '' } : undefined;
  if (value === text(item.default)) return undefined;
  if (item.range?.length) {
    const allowed = item.range.map(text);
    const parts = item.multichoice ? value.split(item.separator || ',') : [value];
    return parts.every((p) => allowed.includes(p)) ? undefined : { key: 'range', value: allowed.join(', ') };
  }
  switch (item.type) {
    case 'integer':
      if (!/^[+-]?\d+$/.test(value.trim())) return { key: 'integer', value: '' };
      return bounds(item, Number(value));
    case 'number':
      if (value.trim() === '' || !Number.isFinite(Number(value))) return { key: 'number', value: '' };
      return bounds(item, Number(value));
    case 'boolean':
      return /^(true|false|yes|no|0|1)$/i.test(value) ? undefined : { key: 'boolean', value: '' };
  }
  if (control(item) === 'list') return isList(value) ? undefined : { key: 'list', value: '' };
  if (item.pattern && !fits(item.pattern, value)) return { key: 'pattern', value: item.pattern };
  return undefined;
}

function bounds(item: Item, n: number): Wrong | undefined {
  if (item.min !== undefined && n < item.min) return { key: 'least', value: String(item.min) };
  if (item.max !== undefined && n > item.max) return { key: 'most', value: String(item.max) };
  if (item.step && item.type === 'integer' && (n - (item.min ?? 0)) % item.step !== 0) return { key: 'step', value: String(item.step) };
  return undefined;
}

function isList(value: string): boolean {
  try {
    return Array.isArray(JSON.parse(value));
  } catch {
    return false;
  }
}

// Packages write patterns for another engine: what this one cannot read is left to the server.
function fits(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

/** sent is the values of a request: what differs from the defaults, in the items' own types. */
export function sent(items: readonly Item[], typed: Typed): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const item of items) {
    const value = typed[item.path];
    if (value === undefined || value === text(item.default)) continue;
    if (value === '' && control(item) !== 'text' && control(item) !== 'long') continue;
    out[item.path] = plain(item, value);
  }
  return out;
}

function plain(item: Item, value: string): unknown {
  if (item.multichoice || wrong(item, value)) return value;
  switch (item.type) {
    case 'integer':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case 'number':
      return Number(value);
    case 'boolean':
      return /^(true|yes|1)$/i.test(value);
  }
  return control(item) === 'list' ? (JSON.parse(value) as unknown) : value;
}

/** grouped sorts items by the group that holds them, in the package's order. */
export function grouped(items: readonly Item[], labels: Record<string, { label?: string; description?: string } | undefined> = {}): Group[] {
  const groups = new Map<string, Group>();
  for (const item of items) {
    const path = item.path.endsWith(`.${item.key}`) ? item.path.slice(0, -item.key.length - 1) : '';
    let group = groups.get(path);
    if (!group) {
      const known = labels[path];
      group = { path, label: known?.label || path.replace(/^cluster\./, ''), description: known?.description, items: [] };
      groups.set(path, group);
    }
    group.items.push(item);
  }
  return [...groups.values()];
}

/** toggled adds or removes one choice of a multichoice value; the package's order stays. */
export function toggled(item: Item, value: string, choice: string): string {
  const separator = item.separator || ',';
  const had = value === '' ? [] : value.split(separator);
  const has = had.includes(choice) ? had.filter((c) => c !== choice) : [...had, choice];
  return (item.range ?? []).map(text).filter((c) => has.includes(c)).join(separator);
}

/** fieldOf is the path of the item that an error of the server is about: "body.values.env.quota" is "env.quota". */
export function fieldOf(location: string, items: readonly Item[]): string | undefined {
  const bare = location.replace(/^body\./, '').replace(/^input\./, '').replace(/^values\./, '');
  return items.find((i) => i.path === bare || i.path === `cluster.${bare}`)?.path;
}
