// Labels as people type them: "team=data, stage=production".

export function labelsOf(text: string): Record<string, string> {
  const pairs = text.split(/[,\s]+/).filter(Boolean).map((p) => [p.split('=', 1)[0] ?? '', p.slice(p.indexOf('=') + 1)] as const);
  return Object.fromEntries(pairs.filter(([key]) => key !== '').map(([key, value]) => [key, value === key ? '' : value]));
}

export function textOf(labels: Record<string, string> | undefined): string {
  return Object.entries(labels ?? {}).map(([k, v]) => (v ? `${k}=${v}` : k)).join(', ');
}
