// Markdown that is still being written.

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Completes what the end of a growing text has begun: emphasis and code are closed, and a link whose address is not
 * complete is its text. So nothing changes its look when the rest arrives.
 */
export function heal(text: string): string {
  const from = text.lastIndexOf('\n\n') + 1;
  if (insideFence(text)) return text;
  const tail = text.slice(from);

  let healed = tail.replace(/!?\[([^\]\n]*)(?:\]\([^)\s]*)?$/, '$1');
  if (count(healed, '`') % 2 === 1) return text.slice(0, from) + (healed.endsWith('`') ? healed.slice(0, -1) : `${healed}\``);
  for (const mark of ['**', '__', '~~']) {
    if (count(healed.replace(/`[^`]*`/g, ''), mark) % 2 === 1) {
      healed = healed.endsWith(mark) ? healed.slice(0, -mark.length) : healed.replace(/\s*$/, (space) => mark + space);
    }
  }
  if (/(?:^|[^*])\*$/.test(healed) && tail.endsWith('*')) healed = healed.slice(0, -1);
  return text.slice(0, from) + healed;
}

function insideFence(text: string): boolean {
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (!mark) continue;
    if (fence === undefined) fence = mark;
    else if (mark.startsWith(fence)) fence = undefined;
  }
  return fence !== undefined;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
