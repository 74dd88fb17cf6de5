// Buttons, of the protocol and of the widgets themselves.

import type { ComponentChildren } from 'preact';
import { useContext, useLayoutEffect, useRef } from 'preact/hooks';

import { type NodeProps, ScopeContext, useAction } from './context';
import { Glyph } from './icons';
import type { Button } from './types';
import { classes, humanise, oneOf, text, word } from './values';

const COLORS = ['primary', 'secondary', 'info', 'discovery', 'success', 'caution', 'warning', 'danger'] as const;
export const VARIANTS = ['solid', 'soft', 'outline', 'ghost'] as const;
export const SIZES = ['3xs', '2xs', 'xs', 'sm', 'md', 'lg', 'xl', '2xl', '3xl'] as const;
const ICON_SIZES = ['sm', 'md', 'lg', 'xl', '2xl'] as const;

/** The classes of a button's look. */
export function buttonClass(node: Partial<Button>): string {
  const style = oneOf(node.style, ['primary', 'secondary'] as const) ?? (node.submit ? 'primary' : 'secondary');
  const tone = oneOf(node.color, COLORS) ?? style;
  const variant = oneOf(node.variant, VARIANTS) ?? (tone === 'secondary' ? 'soft' : 'solid');
  return classes(
    'ckw-button',
    `ckw-tone-${tone}`,
    `ckw-button-${variant}`,
    `ckw-size-${oneOf(node.size, SIZES) ?? 'lg'}`,
    node.pill === true && 'ckw-pill',
    node.block === true && 'ckw-block',
  );
}

/** A turning ring. */
export function Spinner() {
  return <span class="ckw-spinner" aria-hidden="true" />;
}

interface PushProps {
  class: string;
  submit?: boolean;
  pending?: boolean;
  disabled?: boolean;
  label?: string;
  onClick?(): void;
  element?: { current: HTMLButtonElement | null };
  children: ComponentChildren;
}

/** The element of a button. While it is pending it stays in the tab order and does nothing. */
export function Push({ class: name, submit, pending, disabled, label, onClick, element, children }: PushProps) {
  return (
    <button
      ref={element}
      type={submit ? 'submit' : 'button'}
      class={name}
      disabled={disabled}
      aria-disabled={pending || undefined}
      aria-busy={pending || undefined}
      aria-label={label}
      onClick={(event) => {
        if (pending) event.preventDefault();
        else onClick?.();
      }}
    >
      {children}
      {pending && <Spinner />}
    </button>
  );
}

export function ButtonView({ node }: NodeProps<Button>) {
  const scope = useContext(ScopeContext);
  const element = useRef<HTMLButtonElement>(null);
  const { pending, run } = useAction('self');
  const latest = useRef<() => void>(() => {});
  latest.current = () => run(node.onClickAction);
  // Without a form there is nothing to submit.
  const submit = node.submit === true && scope.isForm;
  const override = submit && node.onClickAction != null;

  useLayoutEffect(() => {
    const it = element.current;
    if (!it || !override) return undefined;
    scope.submitters.set(it, () => latest.current());
    return () => void scope.submitters.delete(it);
  }, [scope, override]);

  const label = word(node.label);
  const icon = word(node.iconStart) ?? word(node.iconEnd);
  const iconClass = `ckw-icon-${oneOf(node.iconSize, ICON_SIZES) ?? 'auto'}`;
  return (
    <Push
      element={element}
      class={classes(buttonClass(node), (node.uniform === true || !label) && 'ckw-uniform')}
      submit={submit}
      pending={pending}
      disabled={node.disabled === true}
      label={label ? undefined : humanise(icon ?? 'button')}
      onClick={submit ? undefined : () => run(node.onClickAction)}
    >
      <span class="ckw-button-content">
        {word(node.iconStart) && <Glyph name={text(node.iconStart)} class={iconClass} />}
        {label && <span class="ckw-button-label">{label}</span>}
        {word(node.iconEnd) && <Glyph name={text(node.iconEnd)} class={iconClass} />}
      </span>
    </Push>
  );
}
