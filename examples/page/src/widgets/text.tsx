// Text in all its kinds. It is only ever text: nothing here is read as HTML.

import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';

import { color } from './colors';
import { type NodeProps, useEnv, useField, useScope, useTheme } from './context';
import { compact, type Style, size } from './style';
import type { Caption, Editable, Label, Markdown, Text, Theme, Title } from './types';
import { classes, count, humanise, object, oneOf, text, word } from './values';

const WEIGHTS = ['normal', 'medium', 'semibold', 'bold'] as const;
const ALIGNS = ['start', 'center', 'end'] as const;
const TEXT_SIZES = ['xs', 'sm', 'md', 'lg', 'xl'] as const;
const TITLE_SIZES = ['sm', 'md', 'lg', 'xl', '2xl', '3xl', '4xl', '5xl'] as const;

interface Look {
  color?: unknown;
  weight?: unknown;
  textAlign?: unknown;
  truncate?: unknown;
  maxLines?: unknown;
}

function look(node: Look, theme: Theme): { class: string; style: Style } {
  const weight = oneOf(node.weight, WEIGHTS);
  const lines = count(node.maxLines, 1, 100);
  return {
    class: classes(
      weight && `ckw-weight-${weight}`,
      lines !== undefined ? 'ckw-clamp' : node.truncate === true && 'ckw-truncate',
    ),
    style: {
      color: color(node.color, 'text', theme),
      'text-align': oneOf(node.textAlign, ALIGNS),
      '-webkit-line-clamp': lines === undefined ? undefined : String(lines),
    },
  };
}

/** Marks the end of text that still grows. */
export function Caret() {
  return <span class="ckw-caret" aria-hidden="true" />;
}

export function TextView({ node, path }: NodeProps<Text>) {
  const theme = useTheme();
  const own = look(node, theme);
  const editable = object(node.editable) as Editable | undefined;
  const least = count(node.minLines, 1, 100);
  const style = compact(own.style, { width: size(node.width), 'min-height': least && `${least}lh` });
  const name = classes(
    'ckw-text',
    `ckw-text-${oneOf(node.size, TEXT_SIZES) ?? 'md'}`,
    node.italic === true && 'ckw-italic',
    node.lineThrough === true && 'ckw-through',
    !editable && own.class,
    !!editable && (oneOf(node.weight, WEIGHTS) ? `ckw-weight-${node.weight}` : ''),
  );
  if (editable) {
    const growing = node.streaming === true;
    return (
      <EditableText
        editable={editable}
        value={text(node.value)}
        growing={growing}
        path={path}
        style={style}
        class={name}
        lines={least ?? 1}
      />
    );
  }
  return (
    <p class={name} style={style} title={node.truncate === true ? text(node.value) : undefined}>
      {text(node.value)}
      {node.streaming === true && <Caret />}
    </p>
  );
}

interface EditableTextProps {
  editable: Editable;
  value: string;
  growing: boolean;
  path: string;
  style?: Style;
  class: string;
  lines: number;
}

/** Text that is its own control: it looks like text, grows with it, and Enter submits unless it has several lines. */
function EditableText({ editable, value, growing, path, style, class: name, lines }: EditableTextProps) {
  const field = useField({ path, name: editable.name, initial: value, growing });
  const element = useRef<HTMLTextAreaElement>(null);
  useGrowing(element, field.value, lines);
  usePattern(element, field.value, editable.pattern);
  useFocusOnce(element, editable.autoFocus === true, editable.autoSelect === true);

  function key(event: KeyboardEvent) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && lines === 1) {
      event.preventDefault();
      element.current?.form?.requestSubmit();
    }
  }

  return (
    <textarea
      ref={element}
      id={field.id}
      class={classes(name, 'ckw-editable')}
      style={style}
      rows={lines}
      value={field.value}
      placeholder={word(editable.placeholder)}
      required={editable.required === true}
      autoComplete={word(editable.autoComplete)}
      aria-label={field.labelledBy ? undefined : (word(editable.placeholder) ?? humanise(field.name))}
      onInput={(event) => field.set(event.currentTarget.value)}
      onFocus={(event) => editable.autoSelect === true && event.currentTarget.select()}
      onKeyDown={key}
      {...autofill(editable.allowAutofillExtensions)}
    />
  );
}

/** A multi-line control as high as its text. */
export function useGrowing(
  ref: { current: HTMLTextAreaElement | null },
  value: string,
  rows: number,
  most?: number,
  enabled = true,
): void {
  useLayoutEffect(() => {
    const it = ref.current;
    if (!it || !enabled) return;
    it.style.height = 'auto';
    const style = getComputedStyle(it);
    const line = Number.parseFloat(style.lineHeight) || 20;
    const frame = it.offsetHeight - it.clientHeight;
    const inner = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom) || 0;
    const bound = most === undefined ? Number.POSITIVE_INFINITY : Math.max(most, rows) * line + inner;
    it.style.height = `${Math.min(it.scrollHeight, bound) + frame}px`;
    it.style.overflowY = it.scrollHeight > bound ? 'auto' : 'hidden';
  }, [ref, value, rows, most, enabled]);
}

/** Checks a multi-line control against a pattern, as browsers do for those of one line. */
export function usePattern(ref: { current: HTMLTextAreaElement | null }, value: string, pattern: unknown): void {
  useLayoutEffect(() => {
    let fits = true;
    if (typeof pattern === 'string' && value !== '') {
      try {
        fits = new RegExp(`^(?:${pattern})$`, 'v').test(value);
      } catch {
        // As browsers do: a pattern that is none asks for nothing.
      }
    }
    ref.current?.setCustomValidity(fits ? '' : 'Please match the requested format.');
  }, [ref, value, pattern]);
}

/** Focuses and selects when the control appears. */
export function useFocusOnce(
  ref: { current: HTMLInputElement | HTMLTextAreaElement | null },
  focus: boolean,
  select: boolean,
): void {
  useLayoutEffect(() => {
    if (focus) ref.current?.focus({ preventScroll: true });
    if (select && focus) ref.current?.select();
    // Only when it appears.
  }, []);
}

/** Keeps password managers away unless they are asked for. */
export function autofill(allowed: unknown): Record<string, string> {
  return allowed === true
    ? {}
    : { 'data-1p-ignore': 'true', 'data-lpignore': 'true', 'data-bwignore': 'true', 'data-form-type': 'other' };
}

export function TitleView({ node }: NodeProps<Title>) {
  const own = look(node, useTheme());
  const name = classes('ckw-title', `ckw-title-${oneOf(node.size, TITLE_SIZES) ?? 'md'}`, own.class);
  return (
    <h3 class={name} style={compact(own.style)} title={node.truncate === true ? text(node.value) : undefined}>
      {text(node.value)}
    </h3>
  );
}

export function CaptionView({ node }: NodeProps<Caption>) {
  const own = look(node, useTheme());
  const name = classes(
    'ckw-caption',
    `ckw-caption-${oneOf(node.size, ['sm', 'md', 'lg'] as const) ?? 'md'}`,
    own.class,
  );
  return (
    <p class={name} style={compact(own.style)} title={node.truncate === true ? text(node.value) : undefined}>
      {text(node.value)}
    </p>
  );
}

export function MarkdownView({ node }: NodeProps<Markdown>) {
  const env = useEnv();
  const value = text(node.value);
  const body = useMemo(() => env.markdown(value), [env, value]);
  return (
    <div class="ckw-markdown" data-streaming={node.streaming === true || undefined}>
      {body}
    </div>
  );
}

export function LabelView({ node, path }: NodeProps<Label>) {
  const env = useEnv();
  const scope = useScope();
  const own = look(node, useTheme());
  const id = `${env.uid}${path}`;
  const field = text(node.fieldName);
  const control = scope.control(field);
  useLayoutEffect(() => scope.addLabel(field, id), [scope, field, id]);
  return (
    <label
      id={id}
      for={control?.labelable ? control.id : undefined}
      class={classes('ckw-label', `ckw-text-${oneOf(node.size, TEXT_SIZES) ?? 'sm'}`, own.class)}
      style={compact(own.style)}
    >
      {text(node.value)}
    </label>
  );
}
