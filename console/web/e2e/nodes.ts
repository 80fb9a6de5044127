// The nodes' volumes, as folders of this machine: a journey breaks and repairs nodes through them.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { given } from './given';

/** repair lets the package's init succeed on every node of a cluster. */
export function repair(cluster: string): number {
  let nodes = 0;
  for (const name of readdirSync(given.volumes)) {
    const meta = join(given.volumes, name, 'meta.json');
    if (!existsSync(meta) || !readFileSync(meta, 'utf8').includes(cluster)) continue;
    writeFileSync(join(given.volumes, name, 'data', 'repaired'), '');
    nodes++;
  }
  return nodes;
}
