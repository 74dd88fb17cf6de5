// Places in a text, carried through the Markdown parser as characters of the private use area.

const OPEN = '\uE000';
const CLOSE = '\uE001';
const OWN = /[\uE000\uE001]/g;
const MARK = /\uE000(\d+)\uE001/g;

/**
 * Puts marks into a text, each at an index that is counted in characters; without an index, at the end. Those the text
 * itself contains are replaced, so nothing in it can pass for one.
 */
export function withMarks(text: string, places: readonly (number | null | undefined)[]): string {
  const clean = text.replace(OWN, '\uFFFD');
  if (places.length === 0) return clean;
  const characters = Array.from(clean);
  const marks = places.map((place, n) => ({ n, at: Math.min(Math.max(place ?? Infinity, 0), characters.length) }));
  marks.sort((a, b) => a.at - b.at || a.n - b.n);

  let marked = '';
  let from = 0;
  for (const { n, at } of marks) {
    marked += characters.slice(from, at).join('') + OPEN + n + CLOSE;
    from = at;
  }
  return marked + characters.slice(from).join('');
}

/** Text and marks in their order. */
export function splitMarks(text: string): (string | number)[] {
  const parts: (string | number)[] = text.split(MARK).map((part, n) => (n % 2 === 1 ? Number(part) : part));
  return parts.filter((part) => part !== '');
}

/** The text alone. */
export function withoutMarks(text: string): string {
  return text.replace(MARK, '');
}

/** The marks alone. */
export function marksIn(text: string): number[] {
  return Array.from(text.matchAll(MARK), (match) => Number(match[1]));
}
