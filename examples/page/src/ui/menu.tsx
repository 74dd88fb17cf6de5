// A button that opens a list of things to do or to choose.

import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';

import { Icon } from './icon';

export interface MenuItem {
  key: string;
  label: string;
  description?: string | undefined;
  icon?: string | undefined;
  disabled?: boolean | undefined;
  danger?: boolean | undefined;
  /** For a choice: whether it is the one. */
  checked?: boolean | undefined;
  run(): void;
}

export interface MenuProps {
  label: string;
  items: MenuItem[];
  class?: string;
  /** On which side of the button it opens. */
  side?: 'above' | 'below';
  children: ComponentChildren;
}

/** The native popover closes with Escape or a click elsewhere, and gives the focus back. */
export function Menu({ label, items, class: extra = 'icon-button', side = 'below', children }: MenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  function place() {
    if (!button.current || !list.current) return;
    const anchor = button.current.getBoundingClientRect();
    const { style, offsetWidth: width, offsetHeight: height } = list.current;
    const left = Math.min(anchor.left, innerWidth - width - 8);
    const top = side === 'above' ? anchor.top - height - 6 : anchor.bottom + 6;
    style.left = `${Math.max(8, left)}px`;
    style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
  }

  function entries(): HTMLElement[] {
    return Array.from(list.current?.querySelectorAll<HTMLElement>('[role^=menuitem]:not(:disabled)') ?? []);
  }

  function toggled(event: { newState: string }) {
    const opened = event.newState === 'open';
    setOpen(opened);
    if (!opened) return;
    place();
    const all = entries();
    (all.find((it) => it.getAttribute('aria-checked') === 'true') ?? all[0])?.focus();
  }

  function move(event: KeyboardEvent) {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Tab') list.current?.hidePopover();
    if (next === undefined) return;
    event.preventDefault();
    all[next % all.length]?.focus();
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        class={extra}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        popovertarget={id}
      >
        {children}
      </button>
      <div ref={list} id={id} popover="auto" class="menu" role="menu" aria-label={label} onToggle={toggled} onKeyDown={move}>
        {items.map((item) => (
          <button
            key={item.key}
            type="button"
            role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={item.checked}
            tabIndex={-1}
            disabled={item.disabled}
            class={item.danger ? 'danger' : undefined}
            onClick={() => {
              list.current?.hidePopover();
              item.run();
            }}
          >
            {item.icon && <Icon name={item.icon} />}
            <span class="menu-text">
              {item.label}
              {item.description && <small>{item.description}</small>}
            </span>
            {item.checked && <Icon name="check" class="menu-check" />}
          </button>
        ))}
      </div>
    </>
  );
}
