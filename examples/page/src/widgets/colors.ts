// Colours of widgets: tokens, primitives and CSS colours become CSS. Anything else is no colour.

import { object } from './values';

/** Where a colour is used: each place has tokens of its own. */
export type ColorUse = 'text' | 'surface' | 'border' | 'chart';

const TOKENS: Record<ColorUse, readonly string[]> = {
  text: [
    'prose',
    'primary',
    'emphasis',
    'secondary',
    'tertiary',
    'success',
    'warning',
    'caution',
    'danger',
    'info',
    'discovery',
  ],
  surface: ['surface', 'surface-secondary', 'surface-tertiary', 'surface-elevated', 'surface-elevated-secondary'],
  border: ['default', 'subtle', 'strong'],
  chart: ['blue', 'purple', 'orange', 'green', 'red', 'yellow', 'pink'],
};

/** The colours of series that have none, in order. */
export const CHART_COLORS = TOKENS.chart;

/** Lightness and chroma of the steps of a primitive, from white to black. */
const STEPS: Record<string, readonly [number, number]> = {
  '0': [1, 0],
  '25': [0.985, 0.07],
  '50': [0.97, 0.14],
  '75': [0.955, 0.22],
  '100': [0.935, 0.32],
  '200': [0.88, 0.52],
  '300': [0.81, 0.74],
  '400': [0.72, 0.94],
  '500': [0.64, 1],
  '600': [0.56, 0.97],
  '700': [0.48, 0.85],
  '800': [0.39, 0.7],
  '900': [0.31, 0.52],
  '950': [0.24, 0.38],
  '1000': [0.17, 0.22],
};

/** Greatest chroma and hue of the primitives, in OKLCH. */
const HUES: Record<string, readonly [number, number]> = {
  gray: [0.005, 265],
  red: [0.21, 25],
  orange: [0.18, 48],
  yellow: [0.16, 88],
  green: [0.17, 150],
  blue: [0.19, 255],
  purple: [0.21, 300],
  pink: [0.21, 350],
};

const NAMED = new Set(
  (
    'aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood ' +
    'cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson currentcolor cyan darkblue darkcyan ' +
    'darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred ' +
    'darksalmon darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue ' +
    'dimgray dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray ' +
    'green greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen ' +
    'lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink ' +
    'lightsalmon lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime limegreen ' +
    'linen magenta maroon mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue ' +
    'mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy ' +
    'oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip ' +
    'peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown ' +
    'seagreen seashell sienna silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal thistle ' +
    'tomato transparent turquoise violet wheat white whitesmoke yellow yellowgreen'
  ).split(' '),
);

const HEX = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/;
const NUMBER = '[+-]?(?:\\d{1,6}(?:\\.\\d{0,8})?|\\.\\d{1,8})';
const CHANNEL = `(?:${NUMBER}(?:%|deg|turn|rad)?|none)`;
const FUNCTION = new RegExp(
  `^(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\\(\\s*${CHANNEL}(?:(?:\\s*,\\s*|\\s+)${CHANNEL}){2}(?:\\s*[,/]\\s*${CHANNEL})?\\s*\\)$`,
);
const PRIMITIVE = /^([a-z]+)-(\d{1,4})$/;
const ALPHA = /^alpha-(\d{1,3})$/;

/**
 * CSS for one colour word, or nothing.
 *
 * A token of its use becomes a custom property, a primitive (`blue-500`, `alpha-70`) a colour; hex, the colour functions
 * with plain numbers, and the names of CSS are passed on. No other CSS gets through: neither `var`, nor `url`, nor a
 * second declaration.
 */
export function colorWord(value: string, use: ColorUse): string | undefined {
  const it = value.trim().toLowerCase();
  if (it.length > 80) return undefined;
  if (TOKENS[use].includes(it)) return `var(--ckw-${use}-${it})`;
  const alpha = ALPHA.exec(it);
  if (alpha) {
    // Two digits are a percentage with a leading zero (`05`, `70`).
    const share = Number(alpha[1]);
    return share <= 100 ? `color-mix(in srgb, var(--ckw-text-emphasis) ${share}%, transparent)` : undefined;
  }
  const [, family = '', stepName = ''] = PRIMITIVE.exec(it) ?? [];
  const hue = Object.hasOwn(HUES, family) ? HUES[family] : undefined;
  const step = Object.hasOwn(STEPS, stepName) ? STEPS[stepName] : undefined;
  if (hue && step) {
    return `oklch(${step[0]} ${Number((hue[0] * step[1]).toFixed(4))} ${hue[1]})`;
  }
  return HEX.test(it) || FUNCTION.test(it) || NAMED.has(it) ? it : undefined;
}

/** CSS for a colour, which may have one word for each theme; nothing if it is no colour. */
export function color(value: unknown, use: ColorUse, theme: 'light' | 'dark'): string | undefined {
  const themed = object(value);
  const it = themed ? themed[theme] : value;
  return typeof it === 'string' ? colorWord(it, use) : undefined;
}
