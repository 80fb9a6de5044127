// Keys of the pages: single characters, or two in sequence ("g c"). Keys typed into a field belong to the field.

export interface Key {
  keys: string;
  /** What it does, as the help shows it. */
  does: string;
  run: () => void;
}

export const sequenceTimeout = 1200;

/** Keeps the beginning of a sequence. press gives the key that is complete with this character. */
export class Sequence {
  private begun = '';
  private at = 0;

  press(character: string, keys: readonly Key[], now: number): Key | undefined {
    const typed = this.begun && now - this.at < sequenceTimeout ? `${this.begun} ${character}` : character;
    const complete = keys.find((k) => k.keys === typed) ?? keys.find((k) => k.keys === character);
    this.begun = !complete && keys.some((k) => k.keys.startsWith(`${character} `)) ? character : '';
    this.at = now;
    return complete;
  }
}

/** Whether what is focused takes characters itself. */
export function takesText(target: EventTarget | null): boolean {
  const el = target as HTMLElement | null;
  if (!el || !('tagName' in el)) return false;
  return el.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(el.tagName);
}
