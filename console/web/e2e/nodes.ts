// The nodes' volumes, as folders of this machine: a journey breaks and repairs nodes through them, and looks at their data.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { given } from './given';

/** volumes are the data folders of the volumes of a cluster. */
export function volumes(cluster: string): string[] {
  const meta = (name: string) => join(given.volumes, name, 'meta.json');
  return readdirSync(given.volumes)
    .filter((name) => existsSync(meta(name)) && readFileSync(meta(name), 'utf8').includes(cluster))
    .map((name) => join(given.volumes, name, 'data'));
}

/** mark writes an empty file on every volume of a cluster: what commands of the package wait for, or find. */
export function mark(cluster: string, file: string): number {
  const folders = volumes(cluster);
  for (const folder of folders) writeFileSync(join(folder, file), '');
  return folders.length;
}
