// The stream of an operation. Each event is the whole operation, so what counts is the newest: a stream that was cut may send
// an older one again, and a connection that comes back must not undo what is shown.
import type { Operation } from './types';

/** reduce is the operation after an event; an event that cannot be read, or is older, changes nothing. */
export function reduce(before: Operation | undefined, data: string): Operation | undefined {
  const next = read(data);
  if (!next) return before;
  if (!before || before.id !== next.id) return next;
  if (ended(before) && !ended(next)) return before;
  // Without a worker there is no progress: what was known stays in sight.
  return next.progress || !before.progress ? next : { ...next, progress: before.progress, activities: before.activities, waiting: before.waiting };
}

/** current is a history, which is some seconds late, with the state that the cluster knows of its last operation. */
export function current(history: readonly Operation[], now: { run_id: string; state: string } | undefined): readonly Operation[] {
  const same = (o: Operation) => now?.state && (o.run_id === now.run_id || o.id === `${o.cluster_id}.${now.run_id}`);
  return history.map((o) => (now && same(o) && !ended(o) ? { ...o, state: now.state } : o));
}

export function ended(o: { state: string }): boolean {
  return !['running', 'undoing', 'held'].includes(o.state);
}

function read(data: string): Operation | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return value && typeof value === 'object' && 'id' in value ? (value as Operation) : undefined;
  } catch {
    return undefined;
  }
}
