// Reading fields that may be anything: every function takes any JSON and gives what it asked for, or the fallback.

/** A string; numbers are written out. */
export function text(value: unknown, fallback = ''): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : fallback;
}

/** A string that is not empty. */
export function word(value: unknown): string | undefined {
  return text(value) || undefined;
}

/** A finite number. */
export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A whole number between two others, both included. */
export function count(value: unknown, least: number, most: number): number | undefined {
  const found = number(value);
  return found === undefined ? undefined : Math.min(most, Math.max(least, Math.round(found)));
}

/** One of several words. */
export function oneOf<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((it) => it === value);
}

/** An object that is no list. */
export function object(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The objects of a list; one object alone is a list of one. */
export function objects(value: unknown): Record<string, unknown>[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((it) => object(it) !== undefined);
}

/** Words from a name: `map-pin` is `Map pin`, the last step of `todo.dueDate` is `Due date`. */
export function humanise(name: string): string {
  const last = name.slice(name.lastIndexOf('.') + 1).slice(name.lastIndexOf(':') + 1);
  const words = last
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[-_]+/g, ' ')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Class names; what is false or undefined is left out. */
export function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
