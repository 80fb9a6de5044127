// A list that is read page by page and read again while it is looked at.

export interface Paged<R> {
  items: R[];
  total: number;
  next?: string;
}

/** appended is a list with its next page. Rows that moved to it meanwhile are in it once. */
export function appended<R>(list: Paged<R>, page: Paged<R>, id: (row: R) => string): Paged<R> {
  const known = new Set(list.items.map(id));
  return { ...page, items: [...list.items, ...page.items.filter((r) => !known.has(id(r)))] };
}

/** refreshed is a list whose beginning was read again: what was read of the rest stays. */
export function refreshed<R>(list: Paged<R> | undefined, beginning: Paged<R>, id: (row: R) => string): Paged<R> {
  if (!list || !beginning.next || list.items.length <= beginning.items.length) return beginning;
  const known = new Set(beginning.items.map(id));
  const rest = list.items.slice(beginning.items.length).filter((r) => !known.has(id(r)));
  return { items: [...beginning.items, ...rest], total: beginning.total, next: list.next };
}
