import { describe, expect, it } from 'vitest';

import { fixture } from './fixtures';
import { button, calls, card, click, finish, form, host, one, onAction, press, show, type } from './testing';

describe('actions', () => {
  const go = (more: object = {}) => ({
    type: 'Button',
    label: 'Go',
    onClickAction: { type: 'go', payload: { id: 1 }, ...more },
  });

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
    await show(
      card(
        { type: 'Button', label: 'Go', onClickAction: { payload: 1 } },
        { type: 'Button', label: 'Off', disabled: true, onClickAction: { type: 'x' } },
      ),
    );
    await click(button('Go'));
    await click(button('Off'));
    expect(onAction).not.toHaveBeenCalled();
  });

  it('of rows and of buttons in them are two', async () => {
    await show(fixture('list'));
    await click(one('.ckw-item-hit'));
    await click(button('Star'));
    expect(calls()).toEqual([
      ['song.play', 'song-1', null],
      ['song.star', { id: 1 }, null],
    ]);
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
        {
          type: 'RadioGroup',
          name: 'seat',
          options: [
            { value: 'w', label: 'W' },
            { value: 'a', label: 'A' },
          ],
          defaultValue: 'w',
        },
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
      form(
        { type: 'Input', name: 'a', pattern: '[0-9]+' },
        { type: 'Text', value: '1', editable: { name: 'b', pattern: '[0-9]+' } },
      ),
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
      ...form(
        { type: 'Input', name: 'a', required: true },
        { type: 'Button', label: 'Help', onClickAction: { type: 'help' } },
      ),
      cancel: { label: 'No', action: { type: 'no' } },
    });
    await click(button('Help'));
    await click(button('No'));
    expect(calls()).toEqual([
      ['help', { a: '' }, { a: '' }],
      ['no', { a: '' }, { a: '' }],
    ]);
  });

  it('submit by their button, whose own action comes first', async () => {
    const inside = (...buttons: object[]) =>
      card({
        type: 'Form',
        onSubmitAction: { type: 'save' },
        children: [{ type: 'Input', name: 'a', defaultValue: 'x' }, ...buttons],
      });
    await show(
      inside(
        { type: 'Button', label: 'Save', submit: true },
        { type: 'Button', label: 'Save as', submit: true, onClickAction: { type: 'save_as' } },
      ),
    );
    await click(button('Save'));
    await finish();
    await click(button('Save as'));
    expect(calls()).toEqual([
      ['save', { a: 'x' }, { a: 'x' }],
      ['save_as', { a: 'x' }, { a: 'x' }],
    ]);
  });

  it('stand in each other without mixing', async () => {
    await show(
      form(
        { type: 'Input', name: 'outer', defaultValue: '1' },
        {
          type: 'Form',
          onSubmitAction: { type: 'inner' },
          children: [
            { type: 'Input', name: 'inner', defaultValue: '2' },
            { type: 'Button', label: 'In', submit: true },
          ],
        },
      ),
    );
    await click(button('In'));
    await finish();
    await click(button('OK'));
    expect(calls()).toEqual([
      ['inner', { inner: '2' }, { inner: '2' }],
      ['ok', { id: 7, outer: '1' }, { outer: '1' }],
    ]);
  });

  it('let the payload stand', async () => {
    await show(form({ type: 'Input', name: 'id', defaultValue: 'x' }));
    await click(button('OK'));
    expect(calls()).toEqual([['ok', { id: 7 }, { id: 'x' }]]);
  });

  it('keep what was entered while the widget streams', async () => {
    const state = (value: string, ...before: object[]) =>
      form(
        ...before,
        { type: 'Text', id: 't', value, streaming: true },
        { type: 'Input', name: 'a', defaultValue: 'd' },
        { type: 'Checkbox', name: 'b' },
      );
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
    await show(
      card({
        type: 'Form',
        onSubmitAction: { type: 'save' },
        children: [{ type: 'Text', value: 'x', editable: { name: 'a' } }],
      }),
    );
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
    await show(
      card(
        { ...select, type: 'RadioGroup', ariaLabel: 'Fruit' },
        { type: 'Checkbox', name: 'x', label: 'X', onChangeAction: { type: 'check', loadingBehavior: 'self' } },
      ),
    );
    const group = one('[role=radiogroup]');
    expect(group.getAttribute('aria-label')).toBe('Fruit');
    await click(one('input[value=c]'));
    await click(one('input[type=checkbox]'));
    expect(one('label[aria-busy]').textContent).toBe('X');
    expect(calls()).toEqual([
      ['pick', { id: 1, fruit: 'c' }, { fruit: 'c' }],
      ['check', { x: true }, { x: true }],
    ]);
    expect(one<HTMLInputElement>('input[value=b]').disabled).toBe(true);
  });

  it('of days are a calendar', async () => {
    await show(
      card({
        type: 'DatePicker',
        name: 'day',
        placeholder: 'Day',
        defaultValue: '2024-02-28',
        min: '2024-02-10',
        max: '2024-03-05',
        onChangeAction: { type: 'day' },
      }),
    );
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
