import { expect, it } from 'vitest';

import { place } from './popover';
import { curve, stacks, ticks } from './scale';

it.each([
  [0, 505, 4, [0, 200, 400, 600]],
  [-60, 400, 4, [-200, 0, 200, 400]],
  [0, 1, 4, [0, 0.25, 0.5, 0.75, 1]],
  [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
  [0, 0, 4, [0, 0.25, 0.5, 0.75, 1]],
  [5, 5, 5, [0, 1, 2, 3, 4, 5]],
  [0, 1_234_567, 3, [0, 500_000, 1_000_000, 1_500_000]],
])('ticks from %d to %d', (low, high, wanted, expected) => {
  expect(ticks(low, high, wanted)).toEqual(expected);
});

it('always has a few ticks around the data', () => {
  for (const [low, high] of [
    [-1e6, 3],
    [1e-9, 2e-9],
    [-5, -5],
    [0, Number.MAX_SAFE_INTEGER],
  ] as const) {
    const found = ticks(Math.min(0, low), Math.max(0, high), 5);
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBeLessThan(20);
    expect(found[0]).toBeLessThanOrEqual(low);
    expect(found.at(-1)).toBeGreaterThanOrEqual(high);
  }
});

it('stacks upwards and downwards', () => {
  const found = stacks([
    { type: 'bar', stack: 's', values: [1, -2, undefined] },
    { type: 'bar', stack: 's', values: [3, -4, 5] },
    { type: 'area', stack: 's', values: [1, 1, 1] },
    { type: 'bar', values: [7, 7, 7] },
  ]);
  expect(found[0]).toEqual([{ from: 0, to: 1 }, { from: 0, to: -2 }, undefined]);
  expect(found[1]).toEqual([
    { from: 1, to: 4 },
    { from: -2, to: -6 },
    { from: 0, to: 5 },
  ]);
  expect(found[2]?.[0]).toEqual({ from: 0, to: 1 });
  expect(found[3]?.[1]).toEqual({ from: 0, to: 7 });
});

const POINTS = [
  { x: 0, y: 10 },
  { x: 10, y: 0 },
  { x: 20, y: 10 },
  { x: 30, y: 10 },
];
const TYPES = (
  'basis basisClosed basisOpen bumpX bumpY bump linear linearClosed natural monotoneX monotoneY monotone step stepBefore ' +
  'stepAfter unheard-of'
).split(' ');

it.each(TYPES)('draws %s from the first point to the last', (type) => {
  const path = curve(POINTS, type);
  expect(path).toMatch(/^M0,10/);
  expect(path).toMatch(/(?:30,10|H30|H30V10)$/);
  expect(path).not.toContain('NaN');
  expect(curve(POINTS.slice(0, 1), type)).toBe('M0,10');
  expect(curve(POINTS.slice(0, 2), type)).not.toContain('NaN');
  expect(curve([], type)).toBe('');
});

it('goes through the points where the kind says so', () => {
  expect(curve(POINTS, 'linear')).toBe('M0,10L10,0L20,10L30,10');
  expect(curve(POINTS, 'stepAfter')).toBe('M0,10H10V0H20V10H30V10');
  expect(curve(POINTS, 'stepBefore')).toBe('M0,10V0H10V10H20V10H30');
  expect(curve(POINTS, 'step')).toBe('M0,10H5V0H10H15V10H20H25V10H30');
  for (const type of ['natural', 'monotone', 'bump']) {
    expect(curve(POINTS, type), type).toMatch(/ 10,0C.* 20,10C/);
  }
  // Flat at a turn, and after one nothing below it.
  expect(curve(POINTS, 'monotone')).toContain('C3.33,6.67 6.67,0 10,0');
});

it('opens where there is space', () => {
  const view = { width: 400, height: 600 };
  const anchor = { left: 100, top: 100, width: 80, height: 30 };
  const panel = { width: 200, height: 150 };
  expect(place(anchor, panel, view, 'bottom', 'start')).toEqual({ left: 100, top: 136 });
  expect(place(anchor, panel, view, 'bottom', 'center')).toEqual({ left: 40, top: 136 });
  expect(place(anchor, panel, view, 'bottom', 'end')).toEqual({ left: 8, top: 136 });
  // Too little above, more below.
  expect(place(anchor, panel, view, 'top', 'start').top).toBe(136);
  expect(place({ ...anchor, top: 500 }, panel, view, 'bottom', 'start').top).toBe(344);
  expect(place({ ...anchor, left: 350 }, panel, view, 'bottom', 'start').left).toBe(192);
  expect(place(anchor, panel, view, 'right', 'start')).toEqual({ left: 186, top: 100 });
});
