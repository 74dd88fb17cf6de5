// What every component of a widget can reach, and the hooks that use it.

import { type ComponentType, createContext, type VNode } from 'preact';
import { useContext, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

import { type Control, FieldStore, mergeFormValues, Scope } from './forms';
import type { ActionConfig, AnyNode, Theme } from './types';
import { object, oneOf, word } from './values';

/** An action as it leaves the widget; its payload has the values of the form. */
export interface WidgetAction {
  type: string;
  payload?: unknown;
  handler?: 'server' | 'client';
  loadingBehavior?: string;
  streaming?: boolean;
}

/** What a renderer of a component gets. `path` is where the component stands, unique within the widget. */
export interface NodeProps<T = AnyNode> {
  node: T;
  path: string;
}

/** Renderers by the `type` of the component. Each takes its own kind of node, hence `any`. */
export type Renderers = Record<string, ComponentType<NodeProps<any>>>;

/** The same object for as long as the widget is shown. */
export interface Env {
  /** What the ids of elements begin with. */
  uid: string;
  fields: FieldStore;
  renderers: Renderers;
  markdown(text: string): VNode;
  dispatch(action: WidgetAction, values: Record<string, unknown> | null): Promise<void>;
  /** Makes the whole widget inert until the result is called. */
  hold(): () => void;
}

export const EnvContext = createContext<Env>({
  uid: 'ckw',
  fields: new FieldStore(),
  renderers: {},
  markdown: (text) => text as unknown as VNode,
  dispatch: async () => {},
  hold: () => () => {},
});
export const ThemeContext = createContext<Theme>('light');
export const ScopeContext = createContext(new Scope(false));

export const useEnv = () => useContext(EnvContext);
export const useTheme = () => useContext(ThemeContext);

/** Renders again when the controls or labels of the form change. */
export function useScope(): Scope {
  const scope = useContext(ScopeContext);
  const [, render] = useReducer((n: number) => n + 1, 0);
  useLayoutEffect(() => scope.subscribe(() => render(0)), [scope]);
  return scope;
}

/**
 * An action's trigger: whether it runs, and what runs it.
 *
 * `auto` is where the loading state goes unless the action says otherwise. While its own loading state or that of the
 * widget is shown, the trigger does nothing. `own` are values to send along outside of a form. The page reports
 * failures; here an action that fails has ended.
 */
export function useAction(auto: 'self' | 'container' | 'none') {
  const env = useEnv();
  const scope = useContext(ScopeContext);
  const [pending, setPending] = useState(false);
  const running = useRef(false);

  async function run(value: unknown, own: Record<string, unknown> | null = null): Promise<void> {
    const config = object(value) as ActionConfig | undefined;
    const type = word(config?.type);
    if (!config || !type || running.current) return;
    const asked = oneOf(config.loadingBehavior, ['self', 'container', 'none'] as const) ?? auto;
    const values = scope.values() ?? own;
    const action: WidgetAction = { ...config, type };
    const payload = mergeFormValues(config.payload, values);
    if (payload !== undefined) action.payload = payload;

    running.current = asked !== 'none';
    if (asked === 'self') setPending(true);
    const release = asked === 'container' ? env.hold() : undefined;
    try {
      await env.dispatch(action, values);
    } catch {
      // Told by the page.
    } finally {
      running.current = false;
      if (asked === 'self') setPending(false);
      release?.();
    }
  }
  return { pending, run };
}

export interface FieldOptions<T> {
  path: string;
  name: unknown;
  initial: T;
  disabled?: boolean;
  /** The initial value is still being streamed. */
  growing?: boolean;
  /** False for a control whose element no `label` can be for. */
  labelable?: boolean;
}

/** A control: its element id, its value, and what names it. */
export function useField<T>({ path, name: given, initial, disabled, growing, labelable = true }: FieldOptions<T>) {
  const env = useEnv();
  const scope = useScope();
  const [, render] = useReducer((n: number) => n + 1, 0);
  const name = typeof given === 'string' ? given : '';
  const id = `${env.uid}${path}`;
  const value = env.fields.read(path, initial, growing);

  // The form reads what is current when it is sent, not when the control was last rendered.
  const latest = useRef({ initial, disabled });
  latest.current = { initial, disabled };
  useLayoutEffect(() => {
    if (!name) return undefined;
    const control: Control = {
      name,
      id,
      labelable,
      value: () => (latest.current.disabled ? undefined : env.fields.read(path, latest.current.initial)),
    };
    return scope.addControl(control);
  }, [scope, env, name, id, path, labelable]);

  return {
    id,
    name,
    value,
    /** The ids of its labels, if it has any. */
    labelledBy: scope.labelIds(name, id),
    set(next: T) {
      env.fields.write(path, next, latest.current.initial);
      render(0);
    },
  };
}
