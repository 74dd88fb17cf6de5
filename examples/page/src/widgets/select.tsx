// A menu to choose one of several values from.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Spinner, VARIANTS, SIZES } from './button';
import { own } from './controls';
import { type NodeProps, useAction, useField } from './context';
import { Glyph } from './icons';
import { Popover } from './popover';
import type { Select } from './types';
import { classes, humanise, objects, oneOf, text, word } from './values';

/** With more options than these there is a field to search them. */
const MANY = 15;

interface Option {
  value: string;
  label: string;
  description?: string;
  disabled: boolean;
}

/** The classes of a control that opens something. */
export function pickerClass(node: { variant?: unknown; size?: unknown; pill?: unknown; block?: unknown }): string {
  return classes(
    'ckw-picker',
    `ckw-picker-${oneOf(node.variant, VARIANTS) ?? 'outline'}`,
    `ckw-size-${oneOf(node.size, SIZES) ?? 'lg'}`,
    node.pill === true && 'ckw-pill',
    node.block === true && 'ckw-block',
  );
}

export function SelectView({ node, path }: NodeProps<Select>) {
  const disabled = node.disabled === true;
  const initial = word(node.defaultValue) ?? null;
  const field = useField<string | null>({ path, name: node.name, initial, disabled });
  const { pending, run } = useAction('none');
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  const options: Option[] = objects(node.options).map((it) => ({
    value: text(it.value),
    label: text(it.label, text(it.value)),
    description: word(it.description),
    disabled: it.disabled === true,
  }));
  const chosen = options.find((it) => it.value === field.value);
  const searchable = typeof node.searchable === 'boolean' ? node.searchable : options.length > MANY;
  const name = word(node.placeholder) ?? (humanise(field.name) || 'Choice');
  const typed = useRef({ text: '', at: 0 });

  function close() {
    setOpen(false);
    button.current?.focus({ preventScroll: true });
  }
  function choose(value: string | null) {
    close();
    if (pending || value === field.value) return;
    field.set(value);
    void run(node.onChangeAction, own(field.name, value));
  }
  /** Letters on the closed control choose what begins with them, as in the browser's own. */
  function key(event: KeyboardEvent) {
    if (open || pending) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const now = event.timeStamp;
      typed.current = {
        text: (now - typed.current.at < 700 ? typed.current.text : '') + event.key.toLowerCase(),
        at: now,
      };
      const found = options.find((it) => !it.disabled && it.label.toLowerCase().startsWith(typed.current.text));
      if (found) choose(found.value);
    }
  }

  return (
    <span ref={anchor} class={classes('ckw-picker-box', node.block === true && 'ckw-block')}>
      <button
        ref={button}
        type="button"
        id={field.id}
        role="combobox"
        class={classes(pickerClass(node), node.clearable === true && field.value !== null && 'ckw-clearable')}
        disabled={disabled}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-controls={open ? `${field.id}-list` : undefined}
        aria-label={field.labelledBy ? undefined : name}
        aria-busy={pending || undefined}
        onClick={() => !pending && setOpen(!open)}
        onKeyDown={key}
      >
        <span class={classes('ckw-picker-value', !chosen && 'ckw-empty')}>
          {chosen?.label ?? (word(node.placeholder) || 'Select…')}
        </span>
        {pending ? <Spinner /> : <Glyph name="chevrons" class="ckw-picker-mark" />}
      </button>
      {node.clearable === true && field.value !== null && !disabled && !pending && (
        <ClearButton what={name} onClick={() => choose(null)} />
      )}
      {open && (
        <Popover anchor={anchor} class="ckw-menu" wide onClose={() => setOpen(false)} onEscape={close}>
          <List
            id={`${field.id}-list`}
            name={name}
            options={options}
            chosen={field.value}
            searchable={searchable}
            onChoose={choose}
            onClose={close}
          />
        </Popover>
      )}
    </span>
  );
}

/** Takes a choice back. */
export function ClearButton({ what, onClick }: { what: string; onClick(): void }) {
  return (
    <button type="button" class="ckw-clear" aria-label={`Clear ${what}`} onClick={onClick}>
      <Glyph name="cross" />
    </button>
  );
}

interface ListProps {
  id: string;
  name: string;
  options: Option[];
  chosen: string | null;
  searchable: boolean;
  onChoose(value: string): void;
  onClose(): void;
}

/** The open menu. The focus stays in one place, which says the option that the arrows have reached. */
function List({ id, name, options, chosen, searchable, onChoose, onClose }: ListProps) {
  const [query, setQuery] = useState('');
  const [active, setActive] = useState<string | null>(chosen);
  const list = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);

  const wanted = query.trim().toLowerCase();
  const shown = wanted
    ? options.filter((it) => `${it.label} ${it.description ?? ''}`.toLowerCase().includes(wanted))
    : options;
  const usable = shown.filter((it) => !it.disabled);
  const current = usable.find((it) => it.value === active) ?? usable[0];
  const optionId = (option: Option) => `${id}-${options.indexOf(option)}`;

  useLayoutEffect(() => {
    (search.current ?? list.current)?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const it = current && document.getElementById(optionId(current));
    it?.scrollIntoView?.({ block: 'nearest' });
  }, [current?.value]);

  function key(event: KeyboardEvent) {
    const at = current ? usable.indexOf(current) : -1;
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: usable.length - 1 };
    if (event.key in to && !(searchable && (event.key === 'Home' || event.key === 'End'))) {
      event.preventDefault();
      const next = usable[Math.max(0, Math.min(usable.length - 1, to[event.key] ?? 0))];
      if (next) setActive(next.value);
    } else if (event.key === 'Enter' || (event.key === ' ' && !searchable)) {
      event.preventDefault();
      if (current) onChoose(current.value);
    } else if (event.key === 'Tab') {
      event.preventDefault();
      onClose();
    } else if (!searchable && event.key.length === 1) {
      const letter = event.key.toLowerCase();
      const behind = [...usable.slice(at + 1), ...usable.slice(0, at + 1)];
      const next = behind.find((it) => it.label.toLowerCase().startsWith(letter));
      if (next) setActive(next.value);
    }
  }

  const activeId = current ? optionId(current) : undefined;
  return (
    <>
      {searchable && (
        <div class="ckw-search">
          <Glyph name="search" />
          <input
            ref={search}
            type="text"
            role="combobox"
            aria-label={`Search ${name}`}
            aria-expanded="true"
            aria-controls={id}
            aria-activedescendant={activeId}
            aria-autocomplete="list"
            autoComplete="off"
            placeholder="Search"
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={key}
          />
        </div>
      )}
      <div
        ref={list}
        id={id}
        role="listbox"
        class="ckw-list"
        tabIndex={searchable ? -1 : 0}
        aria-label={name}
        aria-activedescendant={searchable ? undefined : activeId}
        onKeyDown={searchable ? undefined : key}
      >
        {shown.map((option) => (
          // Keys arrive at the list.
          <div
            key={option.value}
            id={optionId(option)}
            role="option"
            class={classes('ckw-option', option === current && 'ckw-active', option.disabled && 'ckw-off')}
            aria-selected={option.value === chosen}
            aria-disabled={option.disabled || undefined}
            onPointerMove={() => !option.disabled && setActive(option.value)}
            onClick={() => !option.disabled && onChoose(option.value)}
          >
            <span class="ckw-option-text">
              <span>{option.label}</span>
              {option.description && <span class="ckw-option-more">{option.description}</span>}
            </span>
            {option.value === chosen && <Glyph name="check" />}
          </div>
        ))}
      </div>
      {shown.length === 0 && <p class="ckw-nothing">No matches</p>}
    </>
  );
}
