// Something read from the API. What was read stays in sight while it is read again, and when it cannot be read any more.
import type { Answer } from '../api/client';
import type { Trouble } from '../api/trouble';

const kept = new Map<string, unknown>();

export class Resource<T> {
  value = $state.raw<T>();
  trouble = $state.raw<Trouble>();
  reading = $state(false);
  private key = '';
  private turn = 0;

  /** read asks for what has a key; the last answer for the same key is shown at once. */
  async read(key: string, ask: () => Promise<Answer<T>>) {
    if (key !== this.key) {
      this.key = key;
      this.value = kept.get(key) as T | undefined;
      this.trouble = undefined;
    }
    const turn = ++this.turn;
    this.reading = true;
    const answer = await ask();
    if (turn !== this.turn) return;
    this.reading = false;
    this.trouble = answer.trouble;
    if (answer.trouble) return;
    this.value = answer.value;
    kept.set(key, answer.value);
    if (kept.size > 50) kept.delete(kept.keys().next().value ?? '');
  }

  set(value: T) {
    this.value = value;
    kept.set(this.key, value);
  }
}

export function forget() {
  kept.clear();
}
