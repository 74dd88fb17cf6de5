import { computed, signal } from '@preact/signals';

export type Preference = 'system' | 'light' | 'dark';

const KEY = 'chatkit.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);
system.addEventListener('change', () => {
  systemDark.value = system.matches;
});

function stored(): Preference {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** What the user has chosen. */
export const preference = signal<Preference>(stored());

/** What is shown. */
export const theme = computed<'light' | 'dark'>(() =>
  preference.value === 'system' ? (systemDark.value ? 'dark' : 'light') : preference.value,
);

export function choose(next: Preference): void {
  preference.value = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It then holds until the page is closed.
  }
}
