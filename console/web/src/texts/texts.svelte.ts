// The texts of the pages in the reader's language. English is part of the first page; other languages are loaded when asked
// for. What the API says (states, errors, hints, descriptions of packages) is shown as it comes.
import { en } from './en';

export type Key = keyof typeof en;
export type Texts = Record<Key, string>;
export const languages = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof languages;

const stored = 'drover.language';
let language = $state<Language>('en');
let texts = $state.raw<Texts>(en);

export const speech = {
  get language() {
    return language;
  },
};

/** t is a text with its {places} filled. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** n is a text for a count: key.one or key.many. */
export function n(key: 'nodes' | 'clusters' | 'findings' | 'resources' | 'concerns', count: number): string {
  return t(count === 1 ? `${key}.one` : `${key}.many`, { n: count });
}

/** word is the text of a word of the API, such as a state; words without one are shown as they are. */
export function word(group: 'state' | 'health' | 'concern' | 'heal' | 'verb' | 'action', name: string): string {
  const key = `${group}.${name}`;
  return key in texts ? texts[key as Key] : name.replaceAll('_', ' ');
}

export async function speak(next: Language) {
  texts = next === 'zh' ? (await import('./zh')).zh : en;
  language = next;
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  remember(stored, next);
}

export function speakFirst() {
  const wanted = recall(stored) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  return wanted === 'zh' ? speak('zh') : Promise.resolve();
}

export function remember(key: string, value: string) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without storage a choice lives as long as its page.
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
