import { describe, expect, it } from 'vitest';

import { color, colorWord } from './colors';
import { aspectRatio, borders, flex, flow, margins, padding, radius, size, sizes, space } from './style';
import { imageUrl } from './url';

/** What a widget might try in place of a value. */
const ATTACKS = [
  'red; position: fixed',
  'url(https://evil.example/x)',
  'var(--x)',
  'expression(alert(1))',
  'env(safe-area-inset-top)',
  'attr(title)',
  '10px}body{display:none',
  'calc(1px + var(--x))',
  'calc(1px + url(x))',
  'calc((1px)',
  'calc(1px))',
  'calc()',
  'calc(1px 2px)',
  'min(1px,)',
  'rgb(1,2)',
  'rgb(1,2,3,4,5)',
  'rgb(var(--x),2,3)',
  '#12',
  '#12345',
  '#xyz',
  '/**/red',
  'inherit!important',
  '\\72 ed',
  'javascript:alert(1)',
  '',
  ' ',
  '__proto__',
  'constructor',
  'constructor-500',
  'blue-toString',
  '1e99px',
  '99999px',
  'NaN',
  'x'.repeat(5000),
];
const OTHERS = [
  null,
  undefined,
  true,
  {},
  [],
  ['1px'],
  { light: 5 },
  Number.NaN,
  Number.POSITIVE_INFINITY,
  () => '1px',
];

describe('colours', () => {
  it.each([
    ['secondary', 'text', 'var(--ckw-text-secondary)'],
    ['surface-elevated', 'surface', 'var(--ckw-surface-surface-elevated)'],
    ['strong', 'border', 'var(--ckw-border-strong)'],
    ['pink', 'chart', 'var(--ckw-chart-pink)'],
    ['pink', 'text', 'pink'],
    [' #FFF ', 'text', '#fff'],
    ['#11223344', 'text', '#11223344'],
    ['rgb(1, 2, 3)', 'text', 'rgb(1, 2, 3)'],
    ['rgb(10% 20% 30% / 50%)', 'text', 'rgb(10% 20% 30% / 50%)'],
    ['hsla(120deg, 100%, 50%, .3)', 'text', 'hsla(120deg, 100%, 50%, .3)'],
    ['oklch(0.6 0.1 250)', 'text', 'oklch(0.6 0.1 250)'],
    ['rebeccapurple', 'text', 'rebeccapurple'],
    ['transparent', 'surface', 'transparent'],
  ] as const)('%s of %s', (value, use, expected) => {
    expect(colorWord(value, use)).toBe(expected);
  });

  it('makes primitives lighter and darker', () => {
    const light = (value: string) => Number(/^oklch\((\S+)/.exec(colorWord(value, 'text') ?? '')?.[1]);
    expect(light('blue-100')).toBeGreaterThan(light('blue-500'));
    expect(light('blue-500')).toBeGreaterThan(light('blue-900'));
    expect(colorWord('blue-550', 'text')).toBeUndefined();
    expect(colorWord('mauve-500', 'text')).toBeUndefined();
  });

  it('has one for each theme', () => {
    const themed = { light: 'red-500', dark: '#000' };
    expect(color(themed, 'text', 'dark')).toBe('#000');
    expect(color(themed, 'text', 'light')).toMatch(/^oklch/);
    expect(color({ dark: '#000' }, 'text', 'light')).toBeUndefined();
  });

  it.each(ATTACKS)('refuses %j', (value) => {
    for (const use of ['text', 'surface', 'border', 'chart'] as const) {
      expect(color(value, use, 'light')).toBeUndefined();
      expect(color({ light: value, dark: value }, use, 'light')).toBeUndefined();
    }
  });
});

describe('lengths', () => {
  it.each([
    [10, '10px'],
    [10.5, '10.5px'],
    [0, '0px'],
    ['12', '12px'],
    ['50%', '50%'],
    ['2.5REM', '2.5rem'],
    ['auto', 'auto'],
    ['fit-content', 'fit-content'],
    ['calc(100% - 2rem)', 'calc(100% - 2rem)'],
    ['min(100%, 20rem)', 'min(100%, 20rem)'],
    ['clamp(1rem, calc(2 * (1px + 3%)), 9rem)', 'clamp(1rem, calc(2 * (1px + 3%)), 9rem)'],
  ])('size %s is %s', (value, expected) => {
    expect(size(value)).toBe(expected);
  });

  it('counts spaces in units', () => {
    expect(space(2)).toBe('calc(var(--ckw-space) * 2)');
    expect(space('1.5')).toBe('calc(var(--ckw-space) * 1.5)');
    expect(space('8px')).toBe('8px');
    expect(space(-1)).toBeUndefined();
    expect(space('-8px')).toBeUndefined();
    expect(size(-5)).toBeUndefined();
  });

  it.each([...ATTACKS, ...OTHERS])('refuses %j', (value) => {
    expect(size(value)).toBeUndefined();
    expect(space(value)).toBeUndefined();
    expect(padding(value)).toEqual({});
    expect(margins(value)).toEqual({});
    expect(borders(value, 'light')).toEqual({});
    expect(radius(value)).toBeUndefined();
    expect(aspectRatio(value)).toBeUndefined();
    expect(flex(value)).toBeUndefined();
    expect(Object.values(flow({ align: value, justify: value, wrap: value, gap: value })).some(Boolean)).toBe(false);
    expect(Object.values(sizes({ width: value, size: value, aspectRatio: value } as object)).some(Boolean)).toBe(false);
  });
});

describe('sides', () => {
  it('are all, by axis, or each its own', () => {
    expect(padding('4px 8px')).toMatchObject({
      'padding-top': '4px',
      'padding-right': '8px',
      'padding-bottom': '4px',
      'padding-left': '8px',
      '--ckw-pad-left': '8px',
    });
    expect(padding({ x: '1px', left: '2px' })).toEqual({
      'padding-right': '1px',
      '--ckw-pad-right': '1px',
      'padding-left': '2px',
      '--ckw-pad-left': '2px',
    });
    expect(margins({ x: 'auto', top: '-2px' })).toEqual({
      'margin-top': '-2px',
      'margin-right': 'auto',
      'margin-left': 'auto',
    });
    expect(padding('1px 2px 3px 4px 5px')).toEqual({});
  });

  it('have borders', () => {
    expect(borders(1, 'light')).toEqual({ border: '1px solid var(--ckw-border-default)' });
    expect(borders({ size: 2, color: 'strong', style: 'dashed' }, 'light')).toEqual({
      border: '2px dashed var(--ckw-border-strong)',
    });
    expect(borders({ y: 1, bottom: { size: 3, color: { dark: '#111', light: '#eee' } } }, 'dark')).toEqual({
      'border-top': '1px solid var(--ckw-border-default)',
      'border-bottom': '3px solid #111',
    });
    expect(borders({ size: 1, style: 'solid red; x', color: 'url(x)' }, 'light')).toEqual({
      border: '1px solid var(--ckw-border-default)',
    });
  });
});

it('takes ratios, shares and rounding', () => {
  expect(aspectRatio(1.5)).toBe('1.5');
  expect(aspectRatio('16 / 9')).toBe('16 / 9');
  expect(aspectRatio('16/0;')).toBeUndefined();
  expect(flex(1)).toBe('1');
  expect(flex('1 0 auto')).toBe('1 0 auto');
  expect(flex('none')).toBe('none');
  expect(flex('1 2 3 4')).toBeUndefined();
  expect(radius('2xl')).toBe('var(--ckw-radius-2xl)');
  expect(radius('full')).toBe('9999px');
  expect(radius('100%')).toBe('100%');
});

describe('addresses of pictures', () => {
  it.each([
    ['https://example.com/a.png', 'https://example.com/a.png'],
    ['http://example.com/a.png', 'http://example.com/a.png'],
    ['/files/1', 'https://page.example/files/1'],
    ['//cdn.example/x.png', 'https://cdn.example/x.png'],
    ['data:image/png;base64,AA==', 'data:image/png;base64,AA=='],
  ])('%s', (value, expected) => {
    expect(imageUrl(value, 'https://page.example/chat')).toBe(expected);
  });

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'data:image/png/../html,x',
    'blob:https://x/y',
    'file:///etc/passwd',
    'vbscript:x',
    'https://',
    '',
    5,
    null,
    {},
  ])('refuses %j', (value) => {
    expect(imageUrl(value, 'https://page.example/chat')).toBeUndefined();
  });
});
