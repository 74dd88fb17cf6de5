import { describe, expect, it } from 'vitest';

import { FIXTURES, fixture } from './fixtures';
import { ICON_NAMES, iconPaths } from './icons';
import { card, host, markdown, one, show } from './testing';

describe('any widget', () => {
  it.each(Object.keys(FIXTURES))('%s is rendered', async (name) => {
    for (const theme of ['light', 'dark'] as const) {
      await show(fixture(name), { theme });
      expect(one('.ckw').dataset.theme).toBe(theme);
      expect(one('.ckw').textContent).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it.each([
    null,
    5,
    'text',
    [],
    {},
    { type: 'Card' },
    { type: 'Card', children: 'x' },
    { type: 'Card', children: [null, 5, 'x', [], {}] },
    { type: '__proto__' },
    { type: 'constructor', children: [{ type: 'toString' }] },
  ])('%j throws nothing', async (root) => {
    await show(root);
    expect(one('.ckw')).toBeTruthy();
  });

  it('takes any value in any field', async () => {
    const wrong = [
      null,
      -1,
      Number.NaN,
      1e308,
      'x',
      '',
      true,
      [],
      [1],
      {},
      { type: 5 },
      { size: 'x' },
      [{ type: 'bar' }],
      [null],
    ];
    const types = [
      'Badge Basic Box Button Caption Card Chart Checkbox Col DatePicker Divider Form Icon Image Input Label ListView ' +
        'ListViewItem Markdown RadioGroup Row Select Spacer Table Table.Cell Table.Row Text Textarea Title Transition',
    ].flatMap((it) => it.split(' '));
    const fields = (
      'align alt ariaLabel asForm aspectRatio background barCategoryGap barGap block border cancel children clearable ' +
      'colSize colSpan collapsed color confirm data defaultChecked defaultValue direction disabled editable fieldName fit ' +
      'flex flush frame gap gutterSize header height iconEnd iconSize iconStart id inputType italic justify key label limit ' +
      'lineThrough margin max maxLines maxRows min minLines minSize name onChangeAction onClickAction onSubmitAction options ' +
      'padding pattern pill placeholder position radius required rowSpan rows searchable series showLegend showTooltip ' +
      'showYAxis side size spacing src status streaming style submit textAlign theme truncate uniform vAlign value variant ' +
      'weight width wrap xAxis'
    ).split(' ');
    for (const value of wrong) {
      const all = Object.fromEntries(fields.map((field) => [field, value]));
      for (const type of types) {
        await show(card({ ...all, type }, { type: 'Text', value: 'after' }), { itemId: `${type} ${String(value)}` });
        expect(host.textContent, `${type} with ${JSON.stringify(value)}`).toContain('after');
        // Not by way of the boundary.
        if (type !== 'Card') expect(host.querySelector('.ckw-unknown')?.textContent).not.toBe(type);
      }
    }
  });

  it('shows a placeholder for what fails, and goes on', async () => {
    const failing = () => {
      throw new Error('cannot');
    };
    const root = card({ type: 'Markdown', value: 'x' }, { type: 'Text', value: 'after' });
    await show(root, { markdown: failing });
    expect(one('.ckw-unknown').textContent).toBe('Markdown');
    expect(host.textContent).toContain('after');
    // Another state of it is another chance.
    await show(card({ type: 'Markdown', value: 'fine' }, { type: 'Text', value: 'after' }));
    expect(host.textContent).toContain('fine');
  });

  it('shows what is in a component it does not know', async () => {
    await show(fixture('unknown'));
    expect(host.textContent).toContain('Inside of something newer');
    expect(one('.ckw-unknown').textContent).toBe('Hologram');
  });

  it('ends somewhere', async () => {
    let node: object = { type: 'Text', value: 'bottom' };
    for (let i = 0; i < 3000; i += 1) node = { type: 'Box', children: [node] };
    await show(card(node, { type: 'Text', value: 'after' }));
    expect(host.textContent).toBe('after');
  });

  it('renders only what has changed', async () => {
    const still = { type: 'Markdown', value: 'still' };
    const text = (value: string) => ({ type: 'Markdown', id: 'm', value, streaming: true });
    await show(card(still, text('a')));
    await show(card(still, text('ab')));
    await show(card(still, text('abc')));
    expect(markdown.mock.calls.map(([it]) => it)).toEqual(['still', 'a', 'ab', 'abc']);
  });
});

describe('what is not trusted', () => {
  const EVIL = '<img src=x onerror="alert(1)"><script>alert(1)</script>';

  it('is text, never HTML', async () => {
    const names = {
      label: EVIL,
      value: EVIL,
      placeholder: EVIL,
      alt: EVIL,
      ariaLabel: EVIL,
      name: EVIL,
      fieldName: EVIL,
    };
    const types = [
      'Text',
      'Title',
      'Caption',
      'Badge',
      'Button',
      'Label',
      'Input',
      'Checkbox',
      'RadioGroup',
      'Select',
      'DatePicker',
      'Textarea',
      'Icon',
      'Image',
      EVIL,
    ];
    const options = [{ value: EVIL, label: EVIL, description: EVIL }];
    await show({
      ...card(...types.map((type) => ({ ...names, type, options })), {
        type: 'Chart',
        xAxis: EVIL,
        showTooltip: true,
        showLegend: true,
        data: [{ [EVIL]: EVIL, y: 1 }],
        series: [{ type: 'bar', dataKey: 'y', label: EVIL, color: EVIL }],
      }),
      status: { text: EVIL, favicon: EVIL },
      confirm: { label: EVIL, action: { type: EVIL } },
    });
    expect(host.querySelector('script, img[onerror], [onerror], [onload]')).toBeNull();
    // The favicon is an address relative to the page, and no more.
    for (const image of host.querySelectorAll('img')) expect(image.src).toMatch(/^https?:/);
  });

  it('loads pictures from nowhere but the web', async () => {
    const srcs = ['javascript:alert(1)', 'data:text/html,x', 'file:///x', 'blob:x'];
    await show({
      ...card(...srcs.map((src) => ({ type: 'Image', src, alt: 'gone' }))),
      status: { text: 's', favicon: srcs[0] },
    });
    expect(host.querySelector('img')).toBeNull();
    expect(host.textContent).toContain('gone');
  });

  it('sets no style but its own', async () => {
    const evil = 'red;position:fixed;inset:0;background:url(https://evil.example)';
    await show({
      ...card({
        type: 'Box',
        children: [{ type: 'Text', value: 'x', color: evil, width: evil }],
        ...Object.fromEntries(
          'background width height gap padding margin border radius flex aspectRatio align justify wrap'
            .split(' ')
            .map((it) => [it, evil]),
        ),
        style: evil,
        class: 'evil',
      }),
      background: { light: evil, dark: evil },
    });
    for (const it of host.querySelectorAll('[style]')) expect(it.getAttribute('style') ?? '').toBe('');
    expect(host.querySelector('.evil')).toBeNull();
    await show(card({ type: 'Box', background: '#123456', padding: 2, width: '50%' }));
    expect(one('.ckw-box').getAttribute('style')).toContain('50%');
  });
});

describe('text', () => {
  it('has a caret while it grows', async () => {
    await show(card({ type: 'Text', value: 'so', streaming: true }));
    const element = one('.ckw-text');
    expect(one('.ckw-caret').getAttribute('aria-hidden')).toBe('true');
    await show(card({ type: 'Text', value: 'so far', streaming: false }));
    expect(one('.ckw-text')).toBe(element);
    expect(element.textContent).toBe('so far');
    expect(host.querySelector('.ckw-caret')).toBeNull();
  });

  it('is cut off after lines', async () => {
    await show(card({ type: 'Text', value: 'x', maxLines: 2 }, { type: 'Title', value: 'long', truncate: true }));
    expect(one('.ckw-clamp')).toBeTruthy();
    expect(one('.ckw-truncate').title).toBe('long');
  });

  it('has a theme of its own', async () => {
    const colored = { type: 'Text', value: 'x', color: { light: '#111111', dark: '#eeeeee' } };
    await show({ type: 'Basic', children: [{ ...card(colored), theme: 'dark' }, card(colored)] });
    const [dark, light] = [...host.querySelectorAll<HTMLElement>('.ckw-text')].map((it) => it.style.color);
    expect(dark).not.toBe(light);
    expect(one('.ckw-theme[data-theme="dark"]')).toBeTruthy();
  });
});

it('draws every icon, and a dot for the others', () => {
  const drawings = ICON_NAMES.map((name) => iconPaths(name).join());
  expect(new Set(drawings).size).toBe(ICON_NAMES.length);
  for (const unknown of ['unheard-of', 'vendor:x', '', 'constructor', '__proto__']) {
    expect(iconPaths(unknown)).toEqual(iconPaths('dot'));
  }
  expect(iconPaths('lucide:calendar')).toEqual(iconPaths('calendar'));
});
