// Light, dark, or as the machine has it.
import { recall, remember } from '../texts/texts.svelte';

const stored = 'drover.theme';
export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

let chosen = $state<Theme>(themes.find((t) => t === recall(stored)) ?? 'auto');

export const theme = {
  get chosen() {
    return chosen;
  },
  choose(next: Theme) {
    chosen = next;
    remember(stored, next);
    this.apply();
  },
  apply() {
    if (chosen === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  },
};
