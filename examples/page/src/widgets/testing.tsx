// A widget in a document, and the hands and eyes of a user. Importing it cleans up after each test of a file.

import { render, type VNode } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, vi } from 'vitest';

import { Widget, type WidgetProps, type WidgetRoot } from './index';

/** Where the widget is. */
export let host: HTMLElement;
let settle: (() => void)[];
/** Runs until `finish`. */
export const onAction = vi.fn<WidgetProps['onAction']>();
export const markdown = vi.fn((text: string): VNode => <p>{text}</p>);

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

/** Renders a widget, or its next state. */
export async function show(root: unknown, props: Partial<WidgetProps> = {}) {
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
export const card = (...children: unknown[]) => ({ type: 'Card', children });
export const form = (...children: unknown[]) => ({
  ...card(...children),
  asForm: true,
  confirm: { label: 'OK', action: { type: 'ok', payload: { id: 7 } } },
});

/** The first element of a selector. */
export function one<T extends Element = HTMLElement>(selector: string): T {
  const found = host.querySelector<T>(selector);
  if (!found) throw new Error(`no ${selector} in ${host.innerHTML}`);
  return found;
}
/** The button of a label. */
export function button(label: string): HTMLButtonElement {
  const all = [...host.querySelectorAll('button')];
  const found = all.find((it) => it.textContent === label || it.getAttribute('aria-label') === label);
  if (!found) throw new Error(`no button ${label}`);
  return found;
}
export async function type(selector: string, value: string) {
  const it = one<HTMLInputElement>(selector);
  await act(() => {
    it.value = value;
    it.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
export const click = (it: HTMLElement) => act(() => it.click());
export const press = (it: Element, key: string, more: object = {}) =>
  act(() => void it.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })));
/** Ends all actions that run. */
export const finish = () => act(async () => settle.splice(0).forEach((it) => it()));
/** Type, payload and values of the actions so far. */
export const calls = () => onAction.mock.calls.map(([action, values]) => [action.type, action.payload, values]);
