// Sizes, spacing, borders and flex: from the fields of a component to CSS that can do nothing else.
//
// Styles are always objects, set property by property: a string of a widget is never a whole declaration, and a strict
// Content-Security-Policy (no inline styles) holds.

import { color } from './colors';
import type { Sizes, Theme } from './types';
import { number, object, oneOf } from './values';

export type Style = Record<string, string | number | undefined>;

/** Nothing is larger, in any unit. */
const MOST = 10_000;
const UNITS = new Set([
  'px',
  'rem',
  'em',
  '%',
  'ch',
  'ex',
  'vw',
  'vh',
  'vmin',
  'vmax',
  'dvw',
  'dvh',
  'svw',
  'svh',
  'pt',
]);
const KEYWORDS = ['auto', 'min-content', 'max-content', 'fit-content'] as const;
const FUNCTIONS = new Set(['calc', 'min', 'max', 'clamp']);
const TOKEN = /\s*(?:(\d+(?:\.\d+)?|\.\d+)([a-z]+|%)?|(calc|min|max|clamp)?(\()|([-+*/,)]))/y;
const PLAIN = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))([a-z]+|%)?$/;

/** Whether a text is `calc`, `min`, `max` or `clamp` over plain lengths, well formed. */
function isMath(css: string): boolean {
  const open: string[] = [];
  let operand = false;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < css.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(css);
    if (!match || (at === 0 && !match[3])) return false;
    const [, digits, unit, name, paren, sign] = match;
    if (digits !== undefined) {
      if (operand || Number(digits) > MOST || (unit && !UNITS.has(unit))) return false;
      operand = true;
    } else if (paren) {
      if (operand || open.length === 8) return false;
      open.push(name ?? '');
    } else if (sign === ')') {
      if (!operand || open.pop() === undefined) return false;
      if (open.length === 0) return TOKEN.lastIndex === css.length;
    } else if (sign === ',') {
      if (!operand || !FUNCTIONS.has(open.at(-1) ?? '') || open.at(-1) === 'calc') return false;
      operand = false;
    } else {
      if (!operand) return false;
      operand = false;
    }
  }
  return false;
}

/** One length: a number counts `unit` pixels. */
function length(value: unknown, unit: string, words: readonly string[] = []): string | undefined {
  const plain = number(value);
  if (plain !== undefined) {
    return Math.abs(plain) <= MOST ? (plain === 0 ? '0px' : unit.replace('1', String(plain))) : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const css = value.trim().toLowerCase();
  if (css.length > 120) return undefined;
  if (words.includes(css)) return css;
  const [, digits, suffix] = PLAIN.exec(css) ?? [];
  if (digits !== undefined) {
    const amount = Number(digits);
    if (Math.abs(amount) > MOST) return undefined;
    if (suffix === undefined) return amount === 0 ? '0px' : unit.replace('1', String(amount));
    return UNITS.has(suffix) ? `${amount}${suffix}` : undefined;
  }
  return isMath(css) ? css : undefined;
}

const PIXELS = '1px';
const SPACES = 'calc(var(--ckw-space) * 1)';

/** A size: a number is pixels. Negative ones are none. */
export function size(value: unknown): string | undefined {
  const css = length(value, PIXELS, KEYWORDS);
  return css?.startsWith('-') ? undefined : css;
}

/** A gap or one side of a padding: a number is units of spacing (a quarter of a rem). */
export function space(value: unknown): string | undefined {
  const css = length(value, SPACES);
  return css === undefined || /^-|\* -/.test(css) ? undefined : css;
}

/** One side of a margin: as a padding's, and `auto` or negative as well. */
function margin(value: unknown): string | undefined {
  return length(value, SPACES, ['auto']);
}

interface Sides {
  top?: string;
  right?: string;
  bottom?: string;
  left?: string;
}

const SIDES = ['top', 'right', 'bottom', 'left'] as const;

/** All sides: one value, an object with sides, or CSS with up to four values. */
function sides(value: unknown, read: (value: unknown) => string | undefined): Sides {
  const each = object(value);
  if (each) {
    const of = (side: unknown, both: unknown) => read(side) ?? read(both);
    return {
      top: of(each.top, each.y),
      right: of(each.right, each.x),
      bottom: of(each.bottom, each.y),
      left: of(each.left, each.x),
    };
  }
  const one = read(value);
  if (one !== undefined) return { top: one, right: one, bottom: one, left: one };
  if (typeof value !== 'string') return {};
  const parts = value.trim().split(/\s+/).map(read);
  if (parts.length < 2 || parts.length > 4 || parts.includes(undefined)) return {};
  const [top, right, bottom = top, left = right] = parts;
  return { top, right, bottom, left };
}

/**
 * Padding. What is set is known to the children as `--ckw-pad-*` too, for those that reach to the edge.
 */
export function padding(value: unknown): Style {
  const style: Style = {};
  const found = sides(value, space);
  for (const side of SIDES) {
    if (found[side] === undefined) continue;
    style[`padding-${side}`] = found[side];
    style[`--ckw-pad-${side}`] = found[side];
  }
  return style;
}

/** Margin. */
export function margins(value: unknown): Style {
  const found = sides(value, margin);
  return Object.fromEntries(SIDES.filter((side) => found[side]).map((side) => [`margin-${side}`, found[side]]));
}

const LINES = ['solid', 'dashed', 'dotted', 'double', 'groove', 'ridge', 'inset', 'outset'] as const;

/** One edge: a number of pixels, or an object with a size. */
function edge(value: unknown, theme: Theme): string | undefined {
  const all = object(value);
  const width = number(all ? all.size : value);
  if (width === undefined || width < 0 || width > 100) return undefined;
  const paint = color(all?.color, 'border', theme) ?? 'var(--ckw-border-default)';
  return `${width}px ${oneOf(all?.style, LINES) ?? 'solid'} ${paint}`;
}

/** A border: one for all sides, or each side its own. */
export function borders(value: unknown, theme: Theme): Style {
  const each = object(value);
  if (!each || each.size !== undefined) {
    const all = edge(value, theme);
    return all === undefined ? {} : { border: all };
  }
  const style: Style = {};
  for (const side of SIDES) {
    const both = side === 'top' || side === 'bottom' ? each.y : each.x;
    const one = edge(each[side], theme) ?? edge(both, theme);
    if (one !== undefined) style[`border-${side}`] = one;
  }
  return style;
}

/** Rounding. `full` makes a pill, `100%` an ellipse. */
export function radius(value: unknown): string | undefined {
  const token = oneOf(value, ['2xs', 'xs', 'sm', 'md', 'lg', 'xl', '2xl', '3xl', '4xl'] as const);
  if (token) return `var(--ckw-radius-${token})`;
  if (value === 'full') return '9999px';
  if (value === '100%') return '100%';
  return value === 'none' ? '0px' : undefined;
}

/** Width by height: a number, or `16 / 9`. */
export function aspectRatio(value: unknown): string | undefined {
  const plain = number(value);
  if (plain !== undefined) return plain > 0 && plain <= MOST ? String(plain) : undefined;
  if (typeof value !== 'string') return undefined;
  const css = value.trim();
  return /^(?:auto|\d{1,5}(?:\.\d{1,6})?(?:\s*\/\s*\d{1,5}(?:\.\d{1,6})?)?)$/.test(css) ? css : undefined;
}

/** The share of free space: a number, or CSS such as `1 0 auto`. */
export function flex(value: unknown): string | undefined {
  const plain = number(value);
  if (plain !== undefined) return plain >= 0 && plain <= MOST ? String(plain) : undefined;
  if (typeof value !== 'string') return undefined;
  const parts = value.trim().toLowerCase().split(/\s+/);
  const fits = (part: string, at: number) =>
    /^\d{1,4}(?:\.\d{1,4})?$/.test(part) || (at === parts.length - 1 && size(part) !== undefined);
  if (parts.length === 1 && ['auto', 'none', 'initial'].includes(parts[0] ?? '')) return parts[0];
  return parts.length <= 3 && parts.every(fits) ? parts.join(' ') : undefined;
}

/** Heights and widths. The shorthand `size` yields to what is said exactly. */
export function sizes(node: Sizes): Style {
  return {
    height: size(node.height) ?? size(node.size),
    width: size(node.width) ?? size(node.size),
    'min-height': size(node.minHeight) ?? size(node.minSize),
    'min-width': size(node.minWidth) ?? size(node.minSize),
    'max-height': size(node.maxHeight) ?? size(node.maxSize),
    'max-width': size(node.maxWidth) ?? size(node.maxSize),
    'aspect-ratio': aspectRatio(node.aspectRatio),
  };
}

const ALIGN = { start: 'flex-start', center: 'center', end: 'flex-end', baseline: 'baseline', stretch: 'stretch' };
const JUSTIFY = {
  start: 'flex-start',
  center: 'center',
  end: 'flex-end',
  between: 'space-between',
  around: 'space-around',
  evenly: 'space-evenly',
  stretch: 'stretch',
};

/** How the children of a flex container are put. */
export function flow(node: { align?: unknown; justify?: unknown; wrap?: unknown; gap?: unknown }): Style {
  return {
    'align-items': Object.hasOwn(ALIGN, String(node.align)) ? ALIGN[node.align as keyof typeof ALIGN] : undefined,
    'justify-content': Object.hasOwn(JUSTIFY, String(node.justify))
      ? JUSTIFY[node.justify as keyof typeof JUSTIFY]
      : undefined,
    'flex-wrap': oneOf(node.wrap, ['nowrap', 'wrap', 'wrap-reverse'] as const),
    gap: space(node.gap),
  };
}

/** Without what is not set: such a property is left to the style sheet. */
export function compact(...styles: Style[]): Style | undefined {
  const set = styles.flatMap((style) => Object.entries(style)).filter(([, value]) => value !== undefined);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}
