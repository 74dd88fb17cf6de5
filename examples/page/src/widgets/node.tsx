// One component of a widget, whatever it is: rendered only when it has changed, never a failure of the whole.

import { Component, type ComponentChildren } from 'preact';

import { type Env, EnvContext } from './context';
import { object, objects, text, word } from './values';

/** Deeper components are not shown: no server makes them, and the stack has an end. */
const MAX_DEPTH = 100;

interface Props {
  node: unknown;
  path: string;
}

/**
 * Renders a component by its `type`.
 *
 * It renders again only if the component is another object, so a change deep in a widget costs the way down to it. A
 * component that cannot be rendered is a placeholder until another one takes its place.
 */
export class Node extends Component<Props, { failed: unknown }> {
  static override contextType = EnvContext;
  override state = { failed: undefined };

  override shouldComponentUpdate(next: Props, state: { failed: unknown }): boolean {
    return next.node !== this.props.node || next.path !== this.props.path || state.failed !== this.state.failed;
  }

  override componentDidCatch(): void {
    this.setState({ failed: this.props.node });
  }

  render(): ComponentChildren {
    const { path } = this.props;
    const node = object(this.props.node);
    if (!node || path.split('/').length > MAX_DEPTH) return null;
    const { renderers } = this.context as Env;
    const type = text(node.type);
    if (this.state.failed === this.props.node) return <Placeholder type={type} />;
    const Renderer = Object.hasOwn(renderers, type) ? renderers[type] : undefined;
    if (Renderer) return <Renderer node={node} path={path} />;
    // A newer component: what is in it can still be seen.
    return objects(node.children).length > 0 ? (
      <div class="ckw-unknown-group">
        <Children of={node.children} path={path} />
      </div>
    ) : (
      <Placeholder type={type} />
    );
  }
}

function Placeholder({ type }: { type: string }) {
  return <span class="ckw-unknown">{type.slice(0, 40) || 'Unknown'}</span>;
}

/** A child with the key under which it stays the same component when others come and go. */
export interface Keyed {
  node: Record<string, unknown>;
  key: string;
  path: string;
}

/**
 * The children of a component. Without a `key` or `id` a child is counted among its siblings of the same type, so that one
 * of another type before it does not make it a new one.
 */
export function keyed(children: unknown, path: string): Keyed[] {
  const seen = new Map<string, number>();
  return objects(children).map((node) => {
    const own = word(node.key) ?? word(node.id);
    const base = own === undefined ? text(node.type, '?') : `=${own}`;
    const nth = seen.get(base) ?? 0;
    seen.set(base, nth + 1);
    const key = `${base}:${nth}`;
    return { node, key, path: `${path}/${encodeURIComponent(key)}` };
  });
}

/** All children, one after the other. */
export function Children({ of, path }: { of: unknown; path: string }) {
  return keyed(of, path).map((child) => <Node key={child.key} node={child.node} path={child.path} />);
}
