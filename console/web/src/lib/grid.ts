// The grid of an operation: its steps as rows, the cluster's nodes as columns. The API reports steps, and of a step that
// runs how many nodes are done and which are waited for longest; the plan says on which nodes a step runs. What is not known
// of a node is not guessed: it is "busy" as long as its step runs.

export type CellState = 'none' | 'pending' | 'busy' | 'waiting' | 'done' | 'failed' | 'held' | 'skipped' | 'undone';

export interface NodeName {
  id: string;
  role: string;
  sid: number;
}

export interface GridStep {
  id: string;
  words: string;
  state: string;
  note?: string;
  nodes?: number;
  started_at?: string;
  ended_at?: string;
  deadline?: string;
  activity_ids?: string[];
}

export interface Beat {
  done: number;
  total: number;
  waiting?: { node: string; since?: string; command?: string; last_line?: string }[] | null;
}

export interface PlannedStep {
  id: string;
  words: string;
  skipped?: string;
  commands?: { role: string; sids: string }[] | null;
}

export interface Row {
  step: GridStep;
  undo: boolean;
  cells: CellState[];
  done: number;
  total: number;
}

export interface GridInput {
  steps: readonly GridStep[];
  undo?: readonly GridStep[];
  nodes: readonly NodeName[];
  plan?: readonly PlannedStep[];
  beats?: Record<string, Beat | undefined>;
  heldNodes?: readonly string[];
}

/** grid makes the rows, in the order things happen: the steps, then the undo. */
export function grid(input: GridInput): Row[] {
  return [...input.steps.map((s) => row(s, false, input)), ...(input.undo ?? []).map((s) => row(s, true, input))];
}

function row(step: GridStep, undo: boolean, input: GridInput): Row {
  const concerned = undo ? undefined : concernedNodes(step, input);
  const beats = (step.activity_ids ?? []).map((id) => input.beats?.[id]).filter((b) => b !== undefined);
  const waiting = new Set(beats.flatMap((b) => b.waiting ?? []).map((n) => nodeID(n.node)));
  const total = beats.reduce((sum, b) => sum + b.total, 0);
  const done = beats.reduce((sum, b) => sum + b.done, 0);
  const exact = total > 0 && total - done === waiting.size; // every node that is not done is named
  const held = new Set((input.heldNodes ?? []).map(nodeID));
  const cells = input.nodes.map((n): CellState => {
    if (concerned && !concerned.has(n.id)) return 'none';
    if (!concerned && !step.nodes && !named(step)) return 'none';
    switch (step.state) {
      case 'running':
        if (waiting.has(n.id)) return 'waiting';
        return exact ? 'done' : 'busy';
      case 'held':
        return held.size === 0 || held.has(n.id) ? 'held' : 'done';
      case 'done':
      case 'failed':
      case 'skipped':
      case 'undone':
      case 'pending':
        return step.state;
    }
    return 'none';
  });
  const count = total || step.nodes || cells.filter((c) => c !== 'none').length;
  return { step, undo, cells, total: count, done: step.state === 'done' || step.state === 'undone' ? count : done };
}

// A step without nodes of its own, such as a publish, has no cells.
function named(step: GridStep): boolean {
  return (step.activity_ids ?? []).length > 0;
}

/** concernedNodes are the ids of the nodes of a step; undefined: not known, or all. */
function concernedNodes(step: GridStep, input: GridInput): Set<string> | undefined {
  const planned = input.plan?.find((p) => p.id === step.id && p.words === step.words);
  const commands = planned?.commands ?? [];
  if (commands.length > 0) {
    const ids = new Set<string>();
    for (const c of commands) {
      const sids = sidsOf(c.sids);
      for (const n of input.nodes) if (n.role === c.role && sids(n.sid)) ids.add(n.id);
    }
    return ids;
  }
  return step.nodes && step.nodes < input.nodes.length ? new Set() : undefined;
}

/** sidsOf reads "1-3,7". */
export function sidsOf(text: string): (sid: number) => boolean {
  const parts = text.split(',').map((p) => {
    const [from, to] = p.split('-').map(Number);
    return [from ?? NaN, to ?? from ?? NaN] as const;
  });
  return (sid) => parts.some(([from, to]) => sid >= from && sid <= to);
}

/** nodeID is the id in "etcd_node/1 cln-xxxxxxxx". */
export function nodeID(name: string): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}

export interface Run {
  state: CellState;
  from: number;
  count: number;
}

/** runs joins equal neighbours: beyond some dozens of nodes a row is drawn as a few bars. */
export function runs(cells: readonly CellState[]): Run[] {
  const out: Run[] = [];
  for (const [i, state] of cells.entries()) {
    const last = out[out.length - 1];
    if (last?.state === state) last.count++;
    else out.push({ state, from: i, count: 1 });
  }
  return out;
}
