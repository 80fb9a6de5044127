// The arithmetic of tables: which rows are drawn, and which columns have room.

export interface Column {
  key: string;
  title: string;
  /** Least width in pixels. */
  min: number;
  /** Columns with higher numbers leave first when there is no room. 0 stays always. */
  drop: number;
  /** The share of the room that is left over; 0: none. */
  grow?: number;
  sort?: boolean;
  number?: boolean;
}

/** fitting leaves out columns until the rest has room; the order stays. */
export function fitting<C extends Column>(columns: readonly C[], width: number): C[] {
  const kept = [...columns];
  const total = () => kept.reduce((sum, c) => sum + c.min, 0);
  while (total() > width) {
    let worst = -1;
    for (const [i, c] of kept.entries()) if (c.drop > 0 && (worst < 0 || c.drop >= (kept[worst]?.drop ?? 0))) worst = i;
    if (worst < 0) break;
    kept.splice(worst, 1);
  }
  return kept;
}

export interface Span {
  from: number;
  to: number;
}

/** drawn is the rows to draw of count rows of a height: those in sight, and some around them. */
export function drawn(count: number, height: number, above: number, sight: number, around = 10): Span {
  const first = Math.floor(Math.max(0, above) / height) - around;
  const last = Math.ceil((Math.max(0, above) + sight) / height) + around;
  const from = Math.min(Math.max(0, first), count);
  return { from, to: Math.max(from, Math.min(count, last)) };
}
