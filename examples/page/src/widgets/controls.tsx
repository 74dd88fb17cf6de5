// Controls that browsers have: text fields, check boxes and radio buttons.

import { useRef } from 'preact/hooks';

import { SIZES, Spinner } from './button';
import { type NodeProps, useAction, useField } from './context';
import { autofill, useFocusOnce, useGrowing, usePattern } from './text';
import type { Checkbox, Input, RadioGroup, Textarea } from './types';
import { classes, count, humanise, objects, oneOf, text, word } from './values';

const INPUT_TYPES = ['text', 'number', 'email', 'password', 'tel', 'url'] as const;
const GUTTERS = ['2xs', 'xs', 'sm', 'md', 'lg', 'xl'] as const;

function fieldClass(node: { variant?: unknown; size?: unknown; gutterSize?: unknown; pill?: unknown }): string {
  const gutter = oneOf(node.gutterSize, GUTTERS);
  return classes(
    'ckw-field',
    `ckw-field-${oneOf(node.variant, ['soft', 'outline'] as const) ?? 'outline'}`,
    `ckw-size-${oneOf(node.size, SIZES) ?? 'lg'}`,
    gutter && `ckw-gutter-${gutter}`,
    node.pill === true && 'ckw-pill',
  );
}

export function InputView({ node, path }: NodeProps<Input>) {
  const disabled = node.disabled === true;
  const field = useField({ path, name: node.name, initial: text(node.defaultValue), disabled });
  const element = useRef<HTMLInputElement>(null);
  useFocusOnce(element, node.autoFocus === true, node.autoSelect === true);
  return (
    <input
      ref={element}
      id={field.id}
      class={fieldClass(node)}
      // One of several; the types of Preact want to know which.
      type={(oneOf(node.inputType, INPUT_TYPES) ?? 'text') as 'text'}
      step={node.inputType === 'number' ? 'any' : undefined}
      value={field.value}
      placeholder={word(node.placeholder)}
      required={node.required === true}
      pattern={word(node.pattern)}
      disabled={disabled}
      aria-label={field.labelledBy ? undefined : (word(node.placeholder) ?? humanise(field.name))}
      onInput={(event) => field.set(event.currentTarget.value)}
      onFocus={(event) => node.autoSelect === true && event.currentTarget.select()}
      {...autofill(node.allowAutofillExtensions)}
    />
  );
}

export function TextareaView({ node, path }: NodeProps<Textarea>) {
  const disabled = node.disabled === true;
  const field = useField({ path, name: node.name, initial: text(node.defaultValue), disabled });
  const element = useRef<HTMLTextAreaElement>(null);
  const rows = count(node.rows, 1, 50) ?? 3;
  useGrowing(element, field.value, rows, count(node.maxRows, 1, 100), node.autoResize === true);
  usePattern(element, field.value, node.pattern);
  useFocusOnce(element, node.autoFocus === true, node.autoSelect === true);
  return (
    <textarea
      ref={element}
      id={field.id}
      class={classes(fieldClass(node), 'ckw-textarea', node.autoResize === true && 'ckw-textarea-auto')}
      rows={rows}
      value={field.value}
      placeholder={word(node.placeholder)}
      required={node.required === true}
      disabled={disabled}
      aria-label={field.labelledBy ? undefined : (word(node.placeholder) ?? humanise(field.name))}
      onInput={(event) => field.set(event.currentTarget.value)}
      onFocus={(event) => node.autoSelect === true && event.currentTarget.select()}
      {...autofill(node.allowAutofillExtensions)}
    />
  );
}

export function CheckboxView({ node, path }: NodeProps<Checkbox>) {
  const disabled = node.disabled === true;
  const field = useField({ path, name: node.name, initial: node.defaultChecked === true, disabled });
  const { pending, run } = useAction('none');
  const label = word(node.label);

  function change(event: { currentTarget: HTMLInputElement }) {
    if (pending) {
      event.currentTarget.checked = field.value;
      return;
    }
    field.set(event.currentTarget.checked);
    void run(node.onChangeAction, own(field.name, event.currentTarget.checked));
  }

  return (
    <label class={classes('ckw-choice', disabled && 'ckw-off')} aria-busy={pending || undefined}>
      <input
        type="checkbox"
        id={field.id}
        class="ckw-check"
        checked={field.value}
        required={node.required === true}
        disabled={disabled}
        aria-label={label || field.labelledBy ? undefined : humanise(field.name)}
        onChange={change}
      />
      {label && <span>{label}</span>}
      {pending && <Spinner />}
    </label>
  );
}

export function RadioGroupView({ node, path }: NodeProps<RadioGroup>) {
  const disabled = node.disabled === true;
  const initial = word(node.defaultValue) ?? null;
  const field = useField<string | null>({ path, name: node.name, initial, disabled, labelable: false });
  const { pending, run } = useAction('none');

  function choose(value: string) {
    if (pending) return;
    field.set(value);
    void run(node.onChangeAction, own(field.name, value));
  }

  return (
    <div
      id={field.id}
      role="radiogroup"
      class={classes('ckw-radios', node.direction === 'col' && 'ckw-radios-col')}
      aria-labelledby={field.labelledBy}
      aria-label={field.labelledBy ? undefined : (word(node.ariaLabel) ?? (humanise(field.name) || 'Choice'))}
      aria-required={node.required === true || undefined}
      aria-disabled={disabled || undefined}
      aria-busy={pending || undefined}
    >
      {objects(node.options).map((option) => {
        const value = text(option.value);
        const off = disabled || option.disabled === true;
        return (
          <label key={value} class={classes('ckw-choice', off && 'ckw-off')}>
            <input
              type="radio"
              class="ckw-radio"
              name={field.id}
              value={value}
              checked={field.value === value}
              required={node.required === true}
              disabled={off}
              onChange={() => choose(value)}
            />
            <span>{text(option.label, value)}</span>
          </label>
        );
      })}
      {pending && <Spinner />}
    </div>
  );
}

/** The value of a control that stands in no form: its own action carries it all the same. */
export function own(name: string, value: unknown): Record<string, unknown> | null {
  return name ? { [name]: value } : null;
}
