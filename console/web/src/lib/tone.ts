// Which of the five colours a word of the API has. Colour means a state and nothing else.

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle';

const tones: Record<string, Tone> = {
  active: 'good', whole: 'good', healthy: 'good', succeeded: 'good', done: 'good', ok: 'good', free: 'good',
  creating: 'busy', deleting: 'busy', running: 'busy', undoing: 'busy', preparing: 'busy', releasing: 'busy',
  upgrade_failed: 'bad', failed: 'bad', unreadable: 'bad', unhealthy: 'bad', gone: 'bad', terminated: 'bad', timed_out: 'bad', silent: 'bad', refused: 'bad',
  held: 'warn', unfinished: 'warn', unknown: 'warn', accepted: 'good', denied: 'bad', error: 'bad',
  'cluster-failed': 'bad', 'operation-failed': 'bad', 'healing-braked': 'bad', 'node-gone': 'bad', 'node-unhealthy': 'bad', 'backup-broken': 'bad',
  'operation-held': 'warn', 'template-failing': 'warn', orphan: 'warn', 'backup-unverified': 'warn',
};

export function tone(state: string): Tone {
  return tones[state] ?? 'idle';
}
