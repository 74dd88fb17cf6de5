import { render, type VNode } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FIXTURES, fixture } from './fixtures';
import { ICON_NAMES, iconPaths } from './icons';
import { Widget, type WidgetProps, type WidgetRoot } from './index';

let host: HTMLElement;
let settle: (() => void)[];
const onAction = vi.fn<WidgetProps['onAction']>();
const markdown = vi.fn((text: string): VNode => <p>{text}</p>);

beforeEach(() => {
  host = document.createElement('div');
  document.body.append(host);
  settle = [];
  markdown.mockClear();
  onAction.mockReset();
  onAction.mockImplementation(() => new Promise((resolve) => settle.push(resolve)));
});
afterEach(() => {
  act(() => render(null, host));
  host.remove();
});

async function show(root: unknown, props: Partial<WidgetProps> = {}) {
  await act(() =>
    render(
      <Widget
        root={root as WidgetRoot}
        itemId="item"
        onAction={onAction}
        markdown={markdown}
        theme="light"
        {...props}
      />,
      host,
    ),
  );
}
const card = (...children: unknown[]) => ({ type: 'Card', children });
const form = (...children: unknown[]) => ({ ...card(...children), asForm: true, confirm: { label: 'OK', action: { type: 'ok', payload: { id: 7 } } } });

function one<T extends Element = HTMLElement>(selector: string): T {
  const found = host.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector} in ${host.innerHTML}`);
  return found;
}
function button(label: string): HTMLButtonElement {
  const all = [...host.querySelectorAll('button')];
  const found = all.find((it) => it.textContent === label || it.getAttribute('aria-label') === label);
  if (!found) throw new Error(`no button ${label}`);
  return found;
}
async function type(selector: string, value: string) {
  const it = one<HTMLInputElement>(selector);
  await act(() => {
    it.value = value;
    it.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
const click = (it: HTMLElement) => act(() => it.click());
const press = (it: Element, key: string, more: object = {}) =>
  act(() => void it.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })));
const finish = () => act(async () => settle.splice(0).forEach((it) => it()));
const calls = () => onAction.mock.calls.map(([action, values]) => [action.type, action.payload, values]);

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
    const wrong = [null, -1, Number.NaN, 1e308, 'x', '', true, [], [1], {}, { type: 5 }, { size: 'x' }, [{ type: 'bar' }], [null]];
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
    const names = { label: EVIL, value: EVIL, placeholder: EVIL, alt: EVIL, ariaLabel: EVIL, name: EVIL, fieldName: EVIL };
    const types = ['Text', 'Title', 'Caption', 'Badge', 'Button', 'Label', 'Input', 'Checkbox', 'RadioGroup', 'Select', 'DatePicker', 'Textarea', 'Icon', 'Image', EVIL];
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
    await show({ ...card(...srcs.map((src) => ({ type: 'Image', src, alt: 'gone' }))), status: { text: 's', favicon: srcs[0] } });
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
          'background width height gap padding margin border radius flex aspectRatio align justify wrap'.split(' ').map((it) => [it, evil]),
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

describe('actions', () => {
  const go = (more: object = {}) => ({ type: 'Button', label: 'Go', onClickAction: { type: 'go', payload: { id: 1 }, ...more } });

  it('leave as they came', async () => {
    await show(card(go({ handler: 'client', streaming: false, loadingBehavior: 'none' })));
    await click(button('Go'));
    expect(onAction).toHaveBeenCalledWith(
      { type: 'go', payload: { id: 1 }, handler: 'client', streaming: false, loadingBehavior: 'none' },
      null,
    );
  });

  it.each(['auto', 'self', undefined])('%s on a button is its own state', async (loadingBehavior) => {
    await show(card(go({ loadingBehavior })));
    await click(button('Go'));
    expect(button('Go').getAttribute('aria-busy')).toBe('true');
    expect(one('.ckw').hasAttribute('inert')).toBe(false);
    await click(button('Go'));
    expect(onAction).toHaveBeenCalledTimes(1);
    await finish();
    expect(button('Go').hasAttribute('aria-busy')).toBe(false);
    await click(button('Go'));
    expect(onAction).toHaveBeenCalledTimes(2);
  });

  it('container makes the widget inert', async () => {
    await show(card(go({ loadingBehavior: 'container' })));
    await click(button('Go'));
    expect(one('.ckw').getAttribute('aria-busy')).toBe('true');
    expect(one('.ckw').hasAttribute('inert')).toBe(true);
    expect(button('Go').hasAttribute('aria-busy')).toBe(false);
    await finish();
    expect(one('.ckw').hasAttribute('aria-busy')).toBe(false);
    expect(one('.ckw').hasAttribute('inert')).toBe(false);
  });

  it('none shows nothing and can be repeated', async () => {
    await show(card(go({ loadingBehavior: 'none' })));
    await click(button('Go'));
    await click(button('Go'));
    expect(onAction).toHaveBeenCalledTimes(2);
    expect(host.querySelector('[aria-busy]')).toBeNull();
  });

  it('of a card are the whole card, unless they say otherwise', async () => {
    await show(fixture('card'));
    await click(button('Send'));
    expect(one('.ckw').getAttribute('aria-busy')).toBe('true');
    await finish();
    await click(button('Discard'));
    expect(one('.ckw').hasAttribute('aria-busy')).toBe(false);
    expect(button('Discard').getAttribute('aria-busy')).toBe('true');
    expect(calls().map(([it]) => it)).toEqual(['email.send', 'email.discard']);
  });

  it('end when they fail', async () => {
    onAction.mockRejectedValueOnce(new Error('no network'));
    await show(card(go()));
    await click(button('Go'));
    // What follows a rejection is rendered later.
    await finish();
    expect(button('Go').hasAttribute('aria-busy')).toBe(false);
  });

  it('without a type are none', async () => {
    await show(card({ type: 'Button', label: 'Go', onClickAction: { payload: 1 } }, { type: 'Button', label: 'Off', disabled: true, onClickAction: { type: 'x' } }));
    await click(button('Go'));
    await click(button('Off'));
    expect(onAction).not.toHaveBeenCalled();
  });

  it('of rows and of buttons in them are two', async () => {
    await show(fixture('list'));
    await click(one('.ckw-item-hit'));
    await click(button('Star'));
    expect(calls()).toEqual([['song.play', 'song-1', null], ['song.star', { id: 1 }, null]]);
    expect(host.querySelectorAll('li')).toHaveLength(3);
    await click(button('Show 2 more'));
    expect(host.querySelectorAll('li')).toHaveLength(5);
    expect(document.activeElement).toBe(host.querySelectorAll('li')[3]);
  });
});

describe('forms', () => {
  it('send what was entered, under dotted names', async () => {
    await show(
      form(
        { type: 'Input', name: 'trip.name', required: true },
        { type: 'Textarea', name: 'trip.notes', defaultValue: 'n' },
        { type: 'Checkbox', name: 'terms' },
        { type: 'Select', name: 'class', options: [{ value: 'e', label: 'Eco' }] },
        { type: 'RadioGroup', name: 'seat', options: [{ value: 'w', label: 'W' }, { value: 'a', label: 'A' }], defaultValue: 'w' },
        { type: 'Input', name: 'off', defaultValue: 'x', disabled: true },
        { type: 'Text', value: 'T', editable: { name: 'title' } },
      ),
    );
    await click(button('OK'));
    // Required, and empty.
    expect(onAction).not.toHaveBeenCalled();
    await type('input[required]', 'Ada');
    await click(one('input[type=checkbox]'));
    await click(one('input[value=a]'));
    await click(button('OK'));
    const values = { trip: { name: 'Ada', notes: 'n' }, terms: true, class: null, seat: 'a', title: 'T' };
    expect(calls()).toEqual([['ok', { id: 7, ...values }, values]]);
  });

  it('check patterns, also over several lines', async () => {
    await show(
      form({ type: 'Input', name: 'a', pattern: '[0-9]+' }, { type: 'Text', value: '1', editable: { name: 'b', pattern: '[0-9]+' } }),
    );
    await type('input', 'x');
    await click(button('OK'));
    await type('input', '5');
    await type('textarea', 'x');
    await click(button('OK'));
    expect(onAction).not.toHaveBeenCalled();
    await type('textarea', '6');
    await click(button('OK'));
    expect(calls()).toEqual([['ok', { id: 7, a: '5', b: '6' }, { a: '5', b: '6' }]]);
  });

  it('let buttons and cancel go without a check, with the values', async () => {
    await show({
      ...form({ type: 'Input', name: 'a', required: true }, { type: 'Button', label: 'Help', onClickAction: { type: 'help' } }),
      cancel: { label: 'No', action: { type: 'no' } },
    });
    await click(button('Help'));
    await click(button('No'));
    expect(calls()).toEqual([['help', { a: '' }, { a: '' }], ['no', { a: '' }, { a: '' }]]);
  });

  it('submit by their button, whose own action comes first', async () => {
    const inside = (...buttons: object[]) =>
      card({ type: 'Form', onSubmitAction: { type: 'save' }, children: [{ type: 'Input', name: 'a', defaultValue: 'x' }, ...buttons] });
    await show(inside({ type: 'Button', label: 'Save', submit: true }, { type: 'Button', label: 'Save as', submit: true, onClickAction: { type: 'save_as' } }));
    await click(button('Save'));
    await finish();
    await click(button('Save as'));
    expect(calls()).toEqual([['save', { a: 'x' }, { a: 'x' }], ['save_as', { a: 'x' }, { a: 'x' }]]);
  });

  it('stand in each other without mixing', async () => {
    await show(
      form({ type: 'Input', name: 'outer', defaultValue: '1' }, {
        type: 'Form',
        onSubmitAction: { type: 'inner' },
        children: [{ type: 'Input', name: 'inner', defaultValue: '2' }, { type: 'Button', label: 'In', submit: true }],
      }),
    );
    await click(button('In'));
    await finish();
    await click(button('OK'));
    expect(calls()).toEqual([['inner', { inner: '2' }, { inner: '2' }], ['ok', { id: 7, outer: '1' }, { outer: '1' }]]);
  });

  it('let the payload stand', async () => {
    await show(form({ type: 'Input', name: 'id', defaultValue: 'x' }));
    await click(button('OK'));
    expect(calls()).toEqual([['ok', { id: 7 }, { id: 'x' }]]);
  });

  it('keep what was entered while the widget streams', async () => {
    const state = (value: string, ...before: object[]) =>
      form(...before, { type: 'Text', id: 't', value, streaming: true }, { type: 'Input', name: 'a', defaultValue: 'd' }, { type: 'Checkbox', name: 'b' });
    await show(state(''));
    const input = one<HTMLInputElement>('input');
    input.focus();
    await type('input', 'mine');
    await click(one('input[type=checkbox]'));
    await show(state('so'));
    await show(state('so far', { type: 'Title', value: 'Came later' }));
    expect(one('input')).toBe(input);
    expect(document.activeElement).toBe(input);
    expect(input.value).toBe('mine');
    expect(one<HTMLInputElement>('input[type=checkbox]').checked).toBe(true);
    // The server says another value; a new item is a new form.
    await show(form({ type: 'Input', name: 'a', defaultValue: 'theirs' }));
    expect(one<HTMLInputElement>('input').value).toBe('theirs');
    await type('input', 'mine');
    await show(form({ type: 'Input', name: 'a', defaultValue: 'theirs' }), { itemId: 'other' });
    expect(one<HTMLInputElement>('input').value).toBe('theirs');
  });

  it('keep it also where the control has been away', async () => {
    const input = { type: 'Input', name: 'a' };
    await show(card(input));
    await type('input', 'mine');
    await show(card({ type: 'Text', value: 'Please wait' }));
    await show(card(input));
    expect(one<HTMLInputElement>('input').value).toBe('mine');
  });

  it('save editable text on Enter', async () => {
    await show(card({ type: 'Form', onSubmitAction: { type: 'save' }, children: [{ type: 'Text', value: 'x', editable: { name: 'a' } }] }));
    await press(one('textarea'), 'Enter', { shiftKey: true });
    expect(onAction).not.toHaveBeenCalled();
    await press(one('textarea'), 'Enter');
    expect(calls()).toEqual([['save', { a: 'x' }, { a: 'x' }]]);
  });
});

describe('choices', () => {
  const options = [
    { value: 'a', label: 'Apple' },
    { value: 'b', label: 'Banana', disabled: true },
    { value: 'c', label: 'Cherry', description: 'red' },
  ];
  const select = { type: 'Select', name: 'fruit', options, onChangeAction: { type: 'pick', payload: { id: 1 } } };

  it('send what was chosen with their own action', async () => {
    await show(card(select));
    const box = one('[role=combobox]');
    await click(box);
    expect(box.getAttribute('aria-expanded')).toBe('true');
    await click([...host.querySelectorAll<HTMLElement>('[role=option]')][2] as HTMLElement);
    expect(calls()).toEqual([['pick', { id: 1, fruit: 'c' }, { fruit: 'c' }]]);
    expect(box.textContent).toBe('Cherry');
    expect(document.activeElement).toBe(box);
    expect(host.querySelector('[role=listbox]')).toBeNull();
    // No loading state of its own accord.
    expect(host.querySelector('[aria-busy]')).toBeNull();
  });

  it('are reached by the keyboard', async () => {
    await show(card(select));
    const box = one('[role=combobox]');
    await press(box, 'ArrowDown');
    const list = one('[role=listbox]');
    expect(document.activeElement).toBe(list);
    await press(list, 'ArrowDown');
    const active = document.getElementById(list.getAttribute('aria-activedescendant') ?? '');
    // The one between is disabled.
    expect(active?.textContent).toContain('Cherry');
    await press(list, 'Escape');
    expect(document.activeElement).toBe(box);
    expect(onAction).not.toHaveBeenCalled();
    await press(box, 'ArrowDown');
    await press(one('[role=listbox]'), 'End');
    await press(one('[role=listbox]'), 'Enter');
    expect(calls()).toEqual([['pick', { id: 1, fruit: 'c' }, { fruit: 'c' }]]);
    await press(box, 'a');
    expect(calls()[1]).toEqual(['pick', { id: 1, fruit: 'a' }, { fruit: 'a' }]);
    await press(box, 'b');
    expect(onAction).toHaveBeenCalledTimes(2);
  });

  it('can be taken back and searched', async () => {
    await show(card({ ...select, clearable: true, defaultValue: 'a', searchable: true, placeholder: 'Fruit' }));
    await click(button('Clear Fruit'));
    expect(calls()).toEqual([['pick', { id: 1, fruit: null }, { fruit: null }]]);
    expect(one('[role=combobox]').textContent).toBe('Fruit');
    await click(one('[role=combobox]'));
    await type('input', 'RED');
    expect([...host.querySelectorAll('[role=option]')].map((it) => it.textContent)).toEqual(['Cherryred']);
    await press(one('input'), 'Enter');
    expect(calls()[1]?.[2]).toEqual({ fruit: 'c' });
    await click(one('[role=combobox]'));
    await type('input', 'nothing like it');
    expect(host.textContent).toContain('No matches');
  });

  it('of radio buttons and boxes too', async () => {
    await show(card({ ...select, type: 'RadioGroup', ariaLabel: 'Fruit' }, { type: 'Checkbox', name: 'x', label: 'X', onChangeAction: { type: 'check', loadingBehavior: 'self' } }));
    const group = one('[role=radiogroup]');
    expect(group.getAttribute('aria-label')).toBe('Fruit');
    await click(one('input[value=c]'));
    await click(one('input[type=checkbox]'));
    expect(one('label[aria-busy]').textContent).toBe('X');
    expect(calls()).toEqual([['pick', { id: 1, fruit: 'c' }, { fruit: 'c' }], ['check', { x: true }, { x: true }]]);
    expect(one<HTMLInputElement>('input[value=b]').disabled).toBe(true);
  });

  it('of days are a calendar', async () => {
    await show(card({ type: 'DatePicker', name: 'day', placeholder: 'Day', defaultValue: '2024-02-28', min: '2024-02-10', max: '2024-03-05', onChangeAction: { type: 'day' } }));
    const open = one('[aria-haspopup=dialog]');
    expect(open.textContent).toContain('2024');
    await click(open);
    const grid = one('[role=grid]');
    const focused = () => document.activeElement?.textContent;
    expect(focused()).toBe('28');
    await press(grid, 'ArrowRight');
    expect(focused()).toBe('29');
    await press(grid, 'ArrowRight');
    expect(focused()).toBe('1');
    // No further than the last day.
    await press(grid, 'PageDown');
    expect(focused()).toBe('5');
    await press(grid, 'PageUp', { shiftKey: true });
    expect(focused()).toBe('10');
    await click(document.activeElement as HTMLElement);
    expect(onAction.mock.calls[0]?.[0].payload).toEqual({ day: expect.stringMatching(/^2024-02-10T00:00:00[+-]/) });
    expect(host.querySelector('[role=grid]')).toBeNull();
    expect(document.activeElement).toBe(open);
    await click(open);
    await press(one('[role=grid]'), 'Escape');
    expect(host.querySelector('[role=grid]')).toBeNull();
  });
});

describe('those who do not see it', () => {
  it('hear labels', async () => {
    await show(fixture('form'));
    const labels = [...host.querySelectorAll<HTMLLabelElement>('.ckw-label')];
    const [name, kind, day, seat, notes] = labels;
    const target = (label?: HTMLLabelElement) => document.getElementById(label?.htmlFor ?? '');
    expect(target(name)?.tagName).toBe('INPUT');
    expect(target(kind)?.getAttribute('role')).toBe('combobox');
    expect(target(day)?.getAttribute('aria-labelledby')).toContain(day?.id);
    expect(one('[role=radiogroup]').getAttribute('aria-labelledby')).toBe(seat?.id);
    expect(seat?.htmlFor).toBe('');
    expect(target(notes)?.tagName).toBe('TEXTAREA');
    const ids = [...host.querySelectorAll('[id]')].map((it) => it.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((it) => /\s/.test(it))).toEqual([]);
  });

  it('have a name for every control', async () => {
    for (const name of Object.keys(FIXTURES)) {
      await show(fixture(name));
      for (const it of host.querySelectorAll('input, textarea, button, [role=radiogroup]')) {
        const labelled = it.getAttribute('aria-label') || it.getAttribute('aria-labelledby') || it.closest('label')?.textContent;
        const labels = (it as HTMLInputElement).labels;
        expect(labelled || it.textContent || labels?.length, `${name}: ${it.outerHTML}`).toBeTruthy();
      }
    }
  });

  it('have tables with heads', async () => {
    await show(fixture('table'));
    expect([...host.querySelectorAll('thead th[scope=col]')].map((it) => it.textContent)).toEqual(['City', 'Sky', 'Temperature']);
    expect(host.querySelectorAll('tbody tr')).toHaveLength(4);
    expect(one<HTMLTableCellElement>('tbody td[colspan]').colSpan).toBe(3);
  });

  it('have a chart as a table', async () => {
    await show(fixture('chart'));
    const table = one('.ckw-hidden');
    expect([...table.querySelectorAll('th[scope=col]')].map((it) => it.textContent)).toEqual(['Month', 'Desktop', 'Mobile', 'Target']);
    expect([...table.querySelectorAll('tbody tr:first-child > *')].map((it) => it.textContent)).toEqual(['January', '186', '80', '240']);
    const svg = one<SVGSVGElement>('svg[role=img]');
    expect(svg.getAttribute('aria-describedby')).toBe(table.id);
    await press(svg, 'ArrowRight');
    expect(one('.ckw-tooltip').textContent).toBe('JanuaryDesktop186Mobile80Target240');
    await press(svg, 'End');
    expect(one('.ckw-tooltip').textContent).toContain('Jun');
    await press(svg, 'Escape');
    expect(host.querySelector('.ckw-tooltip')).toBeNull();
  });

  it('can open what is collapsed', async () => {
    await show(fixture('collapsed'));
    expect(host.textContent).not.toContain('What was sent');
    expect(host.textContent).not.toContain('Send');
    const more = one('[aria-expanded]');
    await click(more);
    expect(host.textContent).toContain('What was sent');
    expect(more.getAttribute('aria-expanded')).toBe('true');
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
