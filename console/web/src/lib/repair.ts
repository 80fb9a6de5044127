// The page on which the command that a finding or a concern names is carried out, with its plan.
import { href } from './router';

/** repairOf is the path of that page; undefined: there is none. operation is the one that runs on the cluster, where it is known. */
export function repairOf(command: string, id: string, operation?: string): string | undefined {
  const [program, verb, ...rest] = command.trim().split(/\s+/);
  if (program !== 'drover') return undefined;
  const nodes = value(rest, '--nodes');
  switch (verb) {
    case 'repair':
      return href('/clusters/:id/:verb', { id, verb: 'repair' }, { nodes });
    case 'start':
    case 'stop':
    case 'downgrade':
      return href('/clusters/:id/:verb', { id, verb });
    case 'doctor':
      return href('/clusters/:id/doctor', { id });
    case 'resolve':
      return operation ? href('/operations/:id', { id: operation }) : href('/clusters/:id', { id });
    case 'delete':
      return href('/clusters/:id/:verb', { id, verb: 'delete' }, { force: rest.includes('--force') ? 'true' : undefined });
    case 'delete-nodes':
      return href('/clusters/:id/:verb', { id, verb: 'delete-nodes' }, { nodes: rest.filter((w) => w.startsWith('cln-')).join(',') || undefined });
    case 'orphans':
      return href('/orphans', {}, { cluster: rest.find((w) => w.startsWith('cl-')) });
    case 'backup':
      return rest[0] === 'verify' ? href('/backups', {}, { cluster: id }) : undefined;
  }
  return undefined;
}

function value(words: string[], flag: string): string | undefined {
  const at = words.findIndex((w) => w === flag || w.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  const word = words[at] ?? '';
  return word.includes('=') ? word.slice(flag.length + 1) : words[at + 1];
}
