// The values of controls: kept while a widget is rendered anew, collected for the actions of a form.

import { object } from './values';

/** What users have entered, by the place of the control in the widget. */
export class FieldStore {
  #entries = new Map<string, { value: unknown; initial: unknown }>();

  /**
   * What the control shows: what was entered, until the server says another initial value than it did then.
   *
   * With `growing` (text that is streamed) a new initial value does not count as said.
   */
  read<T>(path: string, initial: T, growing = false): T {
    const entry = this.#entries.get(path);
    if (!entry) return initial;
    if (growing) entry.initial = initial;
    return Object.is(entry.initial, initial) ? (entry.value as T) : initial;
  }

  write(path: string, value: unknown, initial: unknown): void {
    this.#entries.set(path, { value, initial });
  }
}

/** A control as its form knows it. */
export interface Control {
  name: string;
  /** The id of its element. */
  id: string;
  /** Whether a `label` can be for that element; others name their labels themselves. */
  labelable: boolean;
  /** Its value; undefined if it has no part in the form, as when disabled. */
  value(): unknown;
}

/** A form, or all that stands outside of forms: the controls and labels in it. */
export class Scope {
  /** Buttons that submit with an action of their own, which then stands in for the form's. */
  readonly submitters = new WeakMap<Element, () => void>();
  #controls = new Set<Control>();
  #labels = new Map<string, string[]>();
  #listeners = new Set<() => void>();

  constructor(readonly isForm: boolean) {}

  /** Adds a control; the result takes it away again. */
  addControl(control: Control): () => void {
    this.#controls.add(control);
    this.#changed();
    return () => {
      this.#controls.delete(control);
      this.#changed();
    };
  }

  /** Adds the label with an element id for the control of a name; the result takes it away again. */
  addLabel(name: string, id: string): () => void {
    this.#labels.set(name, [...(this.#labels.get(name) ?? []), id]);
    this.#changed();
    return () => {
      const left = (this.#labels.get(name) ?? []).filter((it) => it !== id);
      this.#labels.set(name, left);
      this.#changed();
    };
  }

  /** The first control of a name. */
  control(name: string): Control | undefined {
    for (const control of this.#controls) {
      if (control.name === name) return control;
    }
    return undefined;
  }

  /** The element ids of the labels of a control, if it is the one of its name that they belong to. */
  labelIds(name: string, controlId: string): string | undefined {
    const ids = this.#labels.get(name) ?? [];
    return ids.length > 0 && this.control(name)?.id === controlId ? ids.join(' ') : undefined;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the controls hold, names with dots as nested objects. Nothing outside of a form. */
  values(): Record<string, unknown> | null {
    if (!this.isForm) return null;
    const values = {};
    for (const control of this.#controls) {
      const value = control.value();
      if (value !== undefined) setAt(values, control.name, value);
    }
    return values;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/**
 * Puts a value where a dotted name leads: `todo.title` is the field `title` of the object `todo`. A name that leads through
 * something else than an object, or through a prototype, is left out.
 */
export function setAt(target: Record<string, unknown>, name: string, value: unknown): void {
  const steps = name.split('.');
  const last = steps.pop();
  if (!last || last === '__proto__') return;
  let at = target;
  for (const step of steps) {
    if (step === '' || step === '__proto__') return;
    if (!Object.hasOwn(at, step)) at[step] = {};
    const next = object(at[step]);
    if (!next) return;
    at = next;
  }
  at[last] = value;
}

/**
 * The payload of an action with the values of its form. Where the payload has something already, that stays and the value
 * is ignored; so is every value if the payload is no object. Merging again changes nothing. Neither argument is changed.
 */
export function mergeFormValues(payload: unknown, values: Record<string, unknown> | null): unknown {
  if (!values || Object.keys(values).length === 0) return payload;
  if (payload === undefined || payload === null) return values;
  const fields = object(payload);
  return fields ? merged(fields, values) : payload;
}

function merged(fields: Record<string, unknown>, values: Record<string, unknown>): Record<string, unknown> {
  const result = { ...fields };
  for (const [name, value] of Object.entries(values)) {
    const inside = object(value);
    if (!Object.hasOwn(fields, name)) {
      result[name] = value;
    } else if (inside) {
      const existing = object(fields[name]);
      if (existing) result[name] = merged(existing, inside);
    }
  }
  return result;
}
