// A day from a calendar.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { Spinner } from './button';
import {
  addDays,
  addMonths,
  compare,
  type Day,
  dayOf,
  firstWeekday,
  isoOf,
  midnight,
  parseDay,
  weeks,
} from './calendar';
import { own } from './controls';
import { type NodeProps, useAction, useField } from './context';
import { Glyph } from './icons';
import { Popover } from './popover';
import { ClearButton, pickerClass } from './select';
import type { DatePicker } from './types';
import { classes, humanise, oneOf, word } from './values';

const format = (day: Day, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(navigator.language, options).format(midnight(day));

/** The value is the day's midnight as ISO 8601 with the user's offset, or what the server sent as long as it stands. */
export function DatePickerView({ node, path }: NodeProps<DatePicker>) {
  const disabled = node.disabled === true;
  const initial = parseDay(node.defaultValue) ? (word(node.defaultValue) ?? null) : null;
  const field = useField<string | null>({ path, name: node.name, initial, disabled });
  const { pending, run } = useAction('none');
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  const day = parseDay(field.value);
  const name = word(node.placeholder) ?? (humanise(field.name) || 'Date');

  function close() {
    setOpen(false);
    button.current?.focus({ preventScroll: true });
  }
  function choose(next: Day | null) {
    close();
    const same = next ? day !== undefined && compare(next, day) === 0 : field.value === null;
    if (pending || same) return;
    const value = next && isoOf(next);
    field.set(value);
    void run(node.onChangeAction, own(field.name, value));
  }

  const clearable = node.clearable === true && day !== undefined && !disabled && !pending;
  return (
    <span ref={anchor} class={classes('ckw-picker-box', node.block === true && 'ckw-block')}>
      <button
        ref={button}
        type="button"
        id={field.id}
        class={classes(pickerClass(node), clearable && 'ckw-clearable')}
        disabled={disabled}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-labelledby={field.labelledBy && `${field.labelledBy} ${field.id}-value`}
        aria-label={field.labelledBy ? undefined : day ? `${name}, ${format(day, { dateStyle: 'long' })}` : name}
        aria-busy={pending || undefined}
        onClick={() => !pending && setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' && !open && !pending) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        <span id={`${field.id}-value`} class={classes('ckw-picker-value', !day && 'ckw-empty')}>
          {day ? format(day, { dateStyle: 'medium' }) : (word(node.placeholder) ?? 'Select a date')}
        </span>
        {pending ? <Spinner /> : <Glyph name="calendar" class="ckw-picker-mark" />}
      </button>
      {clearable && <ClearButton what={name} onClick={() => choose(null)} />}
      {open && (
        <Popover
          anchor={anchor}
          class="ckw-calendar"
          side={oneOf(node.side, ['top', 'bottom', 'left', 'right'] as const)}
          align={oneOf(node.align, ['start', 'center', 'end'] as const)}
          onClose={() => setOpen(false)}
          onEscape={close}
        >
          <Calendar name={name} chosen={day} min={parseDay(node.min)} max={parseDay(node.max)} onChoose={choose} />
        </Popover>
      )}
    </span>
  );
}

interface CalendarProps {
  name: string;
  chosen?: Day;
  min?: Day;
  max?: Day;
  onChoose(day: Day): void;
}

/** A month as a grid: arrows go by days and weeks, the page keys by months (with Shift, years), Home and End within a week. */
function Calendar({ name, chosen, min, max, onChoose }: CalendarProps) {
  const today = dayOf(new Date());
  const within = (day: Day) => {
    if (min && compare(day, min) < 0) return min;
    return max && compare(day, max) > 0 ? max : day;
  };
  const isOff = (day: Day) => compare(within(day), day) !== 0;
  const [active, setActive] = useState(() => within(chosen ?? today));
  const grid = useRef<HTMLTableElement>(null);
  const first = firstWeekday(navigator.language);
  const rows = weeks(active, first);
  // Focus follows the keys, and goes into the grid when it opens; the buttons for months keep it.
  const follow = useRef(true);

  useLayoutEffect(() => {
    if (!follow.current) return;
    follow.current = false;
    grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
  }, [active]);

  function go(to: Day) {
    follow.current = true;
    setActive(within(to));
  }
  function key(event: KeyboardEvent) {
    const weekday = (midnight(active).getDay() - first + 7) % 7;
    const months = event.shiftKey ? 12 : 1;
    const to: Record<string, () => Day> = {
      ArrowLeft: () => addDays(active, -1),
      ArrowRight: () => addDays(active, 1),
      ArrowUp: () => addDays(active, -7),
      ArrowDown: () => addDays(active, 7),
      Home: () => addDays(active, -weekday),
      End: () => addDays(active, 6 - weekday),
      PageUp: () => addMonths(active, -months),
      PageDown: () => addMonths(active, months),
    };
    const next = Object.hasOwn(to, event.key) ? to[event.key] : undefined;
    if (next) {
      event.preventDefault();
      go(next());
    }
  }

  const previous = addMonths({ ...active, day: 1 }, -1);
  const following = addMonths({ ...active, day: 1 }, 1);
  const title = format(active, { month: 'long', year: 'numeric' });
  return (
    <div role="dialog" aria-label={`${name}: choose a date`}>
      <div class="ckw-calendar-head">
        <button
          type="button"
          class="ckw-step"
          aria-label="Previous month"
          disabled={min && compare(previous, { ...min, day: 1 }) < 0}
          onClick={() => setActive(within(addMonths(active, -1)))}
        >
          <Glyph name="chevron-left" />
        </button>
        <span class="ckw-calendar-title" aria-live="polite">
          {title}
        </span>
        <button
          type="button"
          class="ckw-step"
          aria-label="Next month"
          disabled={max && compare(following, max) > 0}
          onClick={() => setActive(within(addMonths(active, 1)))}
        >
          <Glyph name="chevron-right" />
        </button>
      </div>
      <table ref={grid} role="grid" aria-label={title} onKeyDown={key}>
        <thead>
          <tr>
            {rows[0]?.map((day) => (
              <th key={midnight(day).getDay()} scope="col" abbr={format(day, { weekday: 'long' })}>
                {format(day, { weekday: 'narrow' })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((week) => (
            <tr key={isoOf(week[0] as Day)}>
              {week.map((day) => {
                const isChosen = chosen !== undefined && compare(day, chosen) === 0;
                return (
                  <td key={day.day} role="gridcell" aria-selected={isChosen}>
                    <button
                      type="button"
                      class={classes('ckw-day', day.month !== active.month && 'ckw-other')}
                      tabIndex={compare(day, active) === 0 ? 0 : -1}
                      disabled={isOff(day)}
                      aria-label={format(day, { dateStyle: 'full' })}
                      aria-current={compare(day, today) === 0 ? 'date' : undefined}
                      data-chosen={isChosen || undefined}
                      onClick={() => onChoose(day)}
                    >
                      {day.day}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
