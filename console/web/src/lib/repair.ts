// The page on which the command that a finding names is carried out, with its plan.
import { href } from './router';

/** repairOf is the path of that page; undefined: there is none. */
export function repairOf(command: string, id: string): string | undefined {
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
    case 'delete':
      return href('/clusters/:id/:verb', { id, verb: 'delete' }, { force: rest.includes('--force') ? 'true' : undefined });
    case 'delete-nodes':
      return href('/clusters/:id/:verb', { id, verb: 'delete-nodes' }, { nodes: rest.filter((w) => w.startsWith('cln-')).join(',') || undefined });
    case 'orphans':
      return href('/orphans', {}, { cluster: rest.find((w) => w.startsWith('cl-')) });
  }
  return undefined;
}

function value(words: string[], flag: string): string | undefined {
  const at = words.findIndex((w) => w === flag || w.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  const word = words[at] ?? '';
  return word.includes('=') ? word.slice(flag.length + 1) : words[at + 1];
}
