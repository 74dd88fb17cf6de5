// Containers, and the space between things.

import type { ComponentChildren, TargetedSubmitEvent } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';

import { color } from './colors';
import { type NodeProps, ScopeContext, useAction, useTheme } from './context';
import { Scope } from './forms';
import { Children, Node, keyed } from './node';
import { borders, compact, flex, flow, margins, padding, radius, type Style, size, sizes, space } from './style';
import type { Box, Col, Divider, Form, Layout, Row, Spacer, Theme, Transition } from './types';
import { classes } from './values';

export function layoutStyle(node: Layout, theme: Theme): Style | undefined {
  return compact(flow(node), sizes(node), padding(node.padding), margins(node.margin), borders(node.border, theme), {
    flex: share(node),
    'border-radius': radius(node.radius),
    background: color(node.background, 'surface', theme),
  });
}

/** How it grows and shrinks beside others. What has a `size`, such as an avatar, keeps it. */
export function share(node: { flex?: unknown; size?: unknown }): string | undefined {
  return flex(node.flex) ?? (size(node.size) === undefined ? undefined : 'none');
}

function Container({ node, path, kind }: NodeProps<Layout> & { kind: string }) {
  const style = layoutStyle(node, useTheme());
  return (
    <div class={classes('ckw-flex', kind, node.radius !== undefined && 'ckw-clip')} style={style}>
      <Children of={node.children} path={path} />
    </div>
  );
}

export function BoxView({ node, path }: NodeProps<Box>) {
  return <Container node={node} path={path} kind={node.direction === 'row' ? 'ckw-box ckw-across' : 'ckw-box'} />;
}

export function RowView({ node, path }: NodeProps<Row>) {
  return <Container node={node} path={path} kind="ckw-row ckw-across" />;
}

export function ColView({ node, path }: NodeProps<Col>) {
  return <Container node={node} path={path} kind="ckw-col" />;
}

interface FormElementProps {
  /** What a valid submission does, unless the button that submitted has an action of its own. */
  onSubmit(): void;
  class: string;
  style?: Style;
  busy?: boolean;
  scope: Scope;
  children: ComponentChildren;
}

/** The element of a form: checks natively, and knows which button has submitted. It stands inside of its scope's provider. */
export function FormElement({ onSubmit, class: name, style, busy, scope, children }: FormElementProps) {
  function submit(event: TargetedSubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    // Not the form around this one as well.
    event.stopPropagation();
    const own = event.submitter ? scope.submitters.get(event.submitter) : undefined;
    (own ?? onSubmit)();
  }
  return (
    <form class={name} style={style} onSubmit={submit} aria-busy={busy || undefined} inert={busy || undefined}>
      {children}
    </form>
  );
}

export function FormView({ node, path }: NodeProps<Form>) {
  const scope = useMemo(() => new Scope(true), []);
  const style = layoutStyle(node, useTheme());
  return (
    <ScopeContext.Provider value={scope}>
      <SubmittedForm node={node} style={style} scope={scope}>
        <Children of={node.children} path={path} />
      </SubmittedForm>
    </ScopeContext.Provider>
  );
}

function SubmittedForm(props: { node: Form; style?: Style; scope: Scope; children: ComponentChildren }) {
  const { node, style, scope, children } = props;
  const { pending, run } = useAction('container');
  return (
    <FormElement
      class={classes('ckw-flex ckw-form', node.direction === 'row' && 'ckw-across')}
      style={style}
      scope={scope}
      busy={pending}
      onSubmit={() => run(node.onSubmitAction)}
    >
      {children}
    </FormElement>
  );
}

export function SpacerView({ node }: NodeProps<Spacer>) {
  const least = size(node.minSize);
  return <div class="ckw-spacer" style={least ? { flex: `1 0 ${least}` } : undefined} aria-hidden="true" />;
}

export function DividerView({ node }: NodeProps<Divider>) {
  const theme = useTheme();
  const style = compact({
    '--ckw-line': size(node.size),
    '--ckw-line-space': space(node.spacing),
    '--ckw-line-color': color(node.color, 'border', theme),
  });
  return <hr class={classes('ckw-divider', node.flush === true && 'ckw-flush')} style={style} />;
}

/** Lets its child take another size, or become another one, without a jump. */
export function TransitionView({ node, path }: NodeProps<Transition>) {
  const element = useRef<HTMLDivElement>(null);
  const height = useRef<number | undefined>(undefined);
  const child = keyed(node.children, path)[0];

  useLayoutEffect(() => {
    const it = element.current;
    if (!it) return;
    const before = height.current;
    const after = it.offsetHeight;
    height.current = after;
    if (before === undefined || before === after || typeof it.animate !== 'function') return;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    it.animate([{ height: `${before}px` }, { height: `${after}px` }], { duration: 180, easing: 'ease-out' });
  });

  return (
    <div class="ckw-transition" ref={element}>
      {child && (
        <div class="ckw-fade" key={child.key}>
          <Node node={child.node} path={child.path} />
        </div>
      )}
    </div>
  );
}
