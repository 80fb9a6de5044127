// Times as people read them. Every function takes the present: pages tick together.

/** elapsed is a duration in its two largest units: "3 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". */
export function elapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return two(min, 'min', s % 60, 's');
  const h = Math.floor(min / 60);
  if (h < 24) return two(h, 'h', min % 60, 'min');
  return two(Math.floor(h / 24), 'd', h % 24, 'h');
}

function two(a: number, unitA: string, b: number, unitB: string) {
  return b ? `${a} ${unitA} ${b} ${unitB}` : `${a} ${unitA}`;
}

/** at is the milliseconds of a time of the API; undefined for none, which Go writes as year 1. */
export function at(text: string | undefined | null): number | undefined {
  if (!text) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
}
