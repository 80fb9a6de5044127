// What needs attention, by cluster.

/** byCluster counts concerns by the id of their cluster. */
export function byCluster(concerns: readonly { cluster_id: string }[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const c of concerns) out.set(c.cluster_id, (out.get(c.cluster_id) ?? 0) + 1);
  return out;
}
