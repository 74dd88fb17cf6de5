// The arithmetic of charts: ticks, stacks and curves.

export interface Point {
  x: number;
  y: number;
}

/** Round steps from at most `low` to at least `high`, about so many; at least two. */
export function ticks(low: number, high: number, wanted: number): number[] {
  let [from, to] = low <= high ? [low, high] : [high, low];
  if (from === to) [from, to] = from === 0 ? [0, 1] : [Math.min(0, from), Math.max(0, from)];
  const rough = (to - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((it) => it * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  // Not by adding up: the errors of floats would be seen in the labels.
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** From where to where a value of a series reaches in one row. */
export interface Span {
  from: number;
  to: number;
}

/**
 * The spans of all series in all rows, `result[series][row]`; undefined where there is no number. Series of the same stack
 * and kind follow each other, negative numbers downwards.
 */
export function stacks(
  series: readonly { type: string; stack?: string; values: readonly (number | undefined)[] }[],
): (Span | undefined)[][] {
  const tops = new Map<string, number>();
  return series.map(({ type, stack, values }, at) =>
    values.map((value, row) => {
      if (value === undefined) return undefined;
      const group = stack === undefined ? `#${at}` : `${type}=${stack}`;
      const key = `${row} ${value < 0 ? '-' : '+'} ${group}`;
      const from = tops.get(key) ?? 0;
      tops.set(key, from + value);
      return { from, to: from + value };
    }),
  );
}

/** Two digits after the point of a pixel are enough. */
const n = (value: number) => Number(value.toFixed(2));
const at = (point: Point) => `${n(point.x)},${n(point.y)}`;
const bezier = (a: Point, b: Point, end: Point) => `C${at(a)} ${at(b)} ${at(end)}`;

/** Straight lines, or curves under the names of d3-shape. What is closed or open there is drawn as a plain line's kind. */
export function curve(points: readonly Point[], type: string | undefined): string {
  const [first] = points;
  if (!first) return '';
  const start = `M${at(first)}`;
  if (points.length === 1) return start;
  const rest = points.slice(1);
  const pairs = rest.map((to, i) => [points[i] as Point, to] as const);
  switch (type) {
    case 'step':
      return start + pairs.map(([a, b]) => `H${n((a.x + b.x) / 2)}V${n(b.y)}H${n(b.x)}`).join('');
    case 'stepBefore':
      return start + rest.map((b) => `V${n(b.y)}H${n(b.x)}`).join('');
    case 'stepAfter':
      return start + rest.map((b) => `H${n(b.x)}V${n(b.y)}`).join('');
    case 'bump':
    case 'bumpX':
    case 'bumpY':
      return (
        start +
        pairs
          .map(([a, b]) => {
            const middle = (a.x + b.x) / 2;
            return bezier({ x: middle, y: a.y }, { x: middle, y: b.y }, b);
          })
          .join('')
      );
    case 'basis':
    case 'basisClosed':
    case 'basisOpen':
      return start + basis(points);
    case 'natural':
      return start + hermite(points, naturalSlopes(points));
    case 'linear':
    case 'linearClosed':
      return start + rest.map((b) => `L${at(b)}`).join('');
    default:
      return start + hermite(points, monotoneSlopes(points));
  }
}

/** Cubic pieces through the points with the given slopes. */
function hermite(points: readonly Point[], slopes: readonly number[]): string {
  let path = '';
  for (let i = 1; i < points.length; i += 1) {
    const [a, b] = [points[i - 1] as Point, points[i] as Point];
    const third = (b.x - a.x) / 3;
    path += bezier(
      { x: a.x + third, y: a.y + third * (slopes[i - 1] as number) },
      { x: b.x - third, y: b.y - third * (slopes[i] as number) },
      b,
    );
  }
  return path;
}

/** Slopes that overshoot nowhere (Fritsch and Carlson). */
function monotoneSlopes(points: readonly Point[]): number[] {
  const secants = points.slice(1).map((b, i) => {
    const a = points[i] as Point;
    return b.x === a.x ? 0 : (b.y - a.y) / (b.x - a.x);
  });
  const slopes = points.map((_, i) => {
    const [before, after] = [secants[i - 1], secants[i]];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    return before * after <= 0 ? 0 : (before + after) / 2;
  });
  secants.forEach((secant, i) => {
    const [a, b] = [slopes[i] as number, slopes[i + 1] as number];
    const most = 3 * Math.abs(secant);
    const length = Math.hypot(a, b);
    if (length > most) {
      slopes[i] = (a / length) * most;
      slopes[i + 1] = (b / length) * most;
    }
  });
  return slopes;
}

/** Slopes of the natural cubic spline, over points at equal distances: a tridiagonal system. */
function naturalSlopes(points: readonly Point[]): number[] {
  const last = points.length - 1;
  const step = ((points[last] as Point).x - (points[0] as Point).x) / last || 1;
  const y = (i: number) => (points[Math.max(0, Math.min(last, i))] as Point).y;
  const upper: number[] = [];
  const right: number[] = [];
  for (let i = 0; i <= last; i += 1) {
    const diagonal = i === 0 || i === last ? 2 : 4;
    const value = (3 * (y(i + 1) - y(i - 1))) / step;
    const before = i === 0 ? 0 : (upper[i - 1] as number);
    const divisor = diagonal - before;
    upper.push(1 / divisor);
    right.push((value - (i === 0 ? 0 : (right[i - 1] as number))) / divisor);
  }
  for (let i = last - 1; i >= 0; i -= 1) {
    right[i] = (right[i] as number) - (upper[i] as number) * (right[i + 1] as number);
  }
  return right;
}

/** A B-spline from the first point to the last, near the others. */
function basis(points: readonly Point[]): string {
  const first = points[0] as Point;
  const last = points[points.length - 1] as Point;
  const all = [first, first, ...points.slice(1), last];
  const mix = (a: Point, b: Point, share: number): Point => ({
    x: a.x + (b.x - a.x) * share,
    y: a.y + (b.y - a.y) * share,
  });
  let path = '';
  for (let i = 2; i < all.length; i += 1) {
    const [a, b, c] = [all[i - 2] as Point, all[i - 1] as Point, (all[i] ?? last) as Point];
    const end = mix(mix(a, b, 2 / 3), mix(b, c, 1 / 3), 0.5);
    if (i > 2) path += bezier(mix(a, b, 1 / 3), mix(a, b, 2 / 3), end);
    else path += `L${at(end)}`;
  }
  return `${path}L${at(last)}`;
}
