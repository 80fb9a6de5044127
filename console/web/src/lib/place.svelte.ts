// The place: which path and query the browser shows. Links are plain <a>; a click on one of ours changes the place without
// loading the page again.

function now() {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

let at = $state.raw(now());

export const place = {
  get path() {
    return at.path;
  },
  get query() {
    return at.query;
  },
};

export function go(to: string, options: { replace?: boolean } = {}) {
  if (options.replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  const before = at.path;
  at = now();
  if (at.path !== before && !options.replace) scrollTo(0, 0);
}

/** Write values into the query of the place, replacing the entry of the history: a reload and a shared link keep them. */
export function keepInQuery(values: Record<string, string | undefined>) {
  const query = new URLSearchParams(location.search);
  for (const [k, v] of Object.entries(values)) {
    if (v) query.set(k, v);
    else query.delete(k);
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ''), { replace: true });
}

export function followLinks() {
  addEventListener('popstate', () => (at = now()));
  document.addEventListener('click', (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element).closest?.('a');
    if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin || /^\/(v1|login)\//.test(a.pathname)) return;
    if (a.hash && a.pathname === location.pathname) return; // a jump within the page
    e.preventDefault();
    go(a.pathname + a.search);
  });
}
