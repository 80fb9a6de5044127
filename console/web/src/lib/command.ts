// The same request on the command line, for those who want to keep it in a script. Values of secrets are left out: a command
// line is no place for them.

type Input = Record<string, unknown>;
type Secret = (path: string) => boolean;

const heads: Record<string, (id: string, input: Input) => string[]> = {
  AddNodes: (id) => ['add-nodes', id],
  DeleteNodes: (id, i) => ['delete-nodes', id, ...words(i.nodes)],
  ScaleVertical: (id) => ['scale', id],
  UpgradeCluster: (id, i) => ['upgrade', id, '--to', ...words(i.version)],
  DowngradeCluster: (id) => ['downgrade', id],
  StartCluster: (id) => ['start', id],
  StopCluster: (id) => ['stop', id],
  RestartCluster: (id) => ['restart', id],
  RunService: (id, i) => ['run', id, ...words(i.service), ...words(i.nodes).flatMap((n) => ['--node', n])],
  RepairCluster: (id, i) => ['repair', id, ...(words(i.nodes).length ? ['--nodes', words(i.nodes).join(',')] : [])],
  BackupCluster: (id) => ['backup', 'create', id],
  DeleteCluster: (id) => ['delete', id],
  RecoverCluster: (id) => ['recover', id],
  CeaseCluster: (id) => ['cease', id],
};
const inHead = ['nodes', 'version', 'service'];

/** commandOf is an operation on a cluster as `drover` takes it. */
export function commandOf(operation: string, id: string, input: Input, secret: Secret = () => false): string {
  if (operation === 'UpdateEnv') {
    const { values, ...rest } = input;
    return line(['env', 'set', id, ...assignments(values, '', secret), ...flags(rest, secret)]);
  }
  const head = heads[operation]?.(id, input) ?? [operation, id];
  return line([...head, ...flags(without(input, inHead), secret)]);
}

/** createCommand is a creation as `drover` takes it. */
export function createCommand(input: Input, secret: Secret = () => false): string {
  return line(['create', ...words(input.app), ...flags(without(input, ['app']), secret)]);
}

function flags(input: Input, secret: Secret): string[] {
  return Object.entries(input).flatMap(([key, value]) => {
    if (value === undefined || value === '' || value === false) return [];
    if (key === 'values') return assignments(value, '--set', secret);
    if (key === 'params') return assignments(value, '--param', secret);
    const flag = `--${key.replaceAll('_', '-')}`;
    return value === true ? [flag] : [flag, ...words(value)];
  });
}

function assignments(values: unknown, flag: string, secret: Secret): string[] {
  return Object.entries((values ?? {}) as Input)
    .filter(([path]) => !secret(path))
    .flatMap(([path, value]) => {
      const word = `${path}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
      return flag ? [flag, word] : [word];
    });
}

function words(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function without(input: Input, keys: string[]): Input {
  return Object.fromEntries(Object.entries(input).filter(([k]) => !keys.includes(k)));
}

function line(parts: string[]): string {
  return ['drover', ...parts].map(quoted).join(' ');
}

/** quoted is a word as a shell reads it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
