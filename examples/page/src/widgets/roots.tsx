// What a widget begins with.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

import { buttonClass, Push } from './button';
import { color } from './colors';
import { type NodeProps, ScopeContext, ThemeContext, useAction, useEnv, useTheme } from './context';
import { Scope } from './forms';
import { Glyph } from './icons';
import { FormElement } from './layout';
import { Children, keyed, Node } from './node';
import { borders, compact, flow, padding } from './style';
import type { Basic, Card, CardAction, ListView, ListViewItem, Status } from './types';
import { imageUrl } from './url';
import { classes, count, object, oneOf, text, word } from './values';

/** How many rows `auto` shows. */
const FEW = 5;

/** A root's own theme, or the one around it. */
function Themed({ theme: given, children }: { theme: unknown; children: ComponentChildren }) {
  const around = useTheme();
  const theme = oneOf(given, ['light', 'dark'] as const) ?? around;
  return (
    <div class="ckw-theme" data-theme={theme === around ? undefined : theme}>
      <ThemeContext.Provider value={theme}>{children}</ThemeContext.Provider>
    </div>
  );
}

function StatusLine({ status }: { status: unknown }) {
  const it = object(status) as Partial<Status> | undefined;
  const label = text(it?.text);
  if (!it || !label) return null;
  const favicon = imageUrl(it.favicon);
  return (
    <div class="ckw-status">
      {favicon ? (
        <img
          class={classes('ckw-favicon', it.frame === true && 'ckw-frame')}
          src={favicon}
          alt=""
          width={16}
          height={16}
          loading="lazy"
          referrerPolicy="no-referrer"
          // A picture less, and nothing else.
          onError={(event) => event.currentTarget.remove()}
        />
      ) : (
        word(it.icon) && <Glyph name={text(it.icon)} />
      )}
      <span>{label}</span>
    </div>
  );
}

export function CardView({ node, path }: NodeProps<Card>) {
  return (
    <Themed theme={node.theme}>
      <CardBody node={node} path={path} />
    </Themed>
  );
}

function CardBody({ node, path }: NodeProps<Card>) {
  const theme = useTheme();
  const isForm = node.asForm === true;
  const scope = useMemo(() => (isForm ? new Scope(true) : undefined), [isForm]);
  const style = compact(padding(node.padding), borders(node.border, theme), {
    background: color(node.background, 'surface', theme),
  });
  const name = `ckw-card ckw-card-${oneOf(node.size, ['sm', 'md', 'lg', 'full'] as const) ?? 'md'}`;
  const inside = <CardInside node={node} path={path} />;
  return (
    <div class="ckw-root">
      <StatusLine status={node.status} />
      {scope ? (
        <ScopeContext.Provider value={scope}>
          <CardForm node={node} scope={scope} class={name} style={style}>
            {inside}
          </CardForm>
        </ScopeContext.Provider>
      ) : (
        <div class={name} style={style}>
          {inside}
        </div>
      )}
    </div>
  );
}

interface CardFormProps {
  node: Card;
  scope: Scope;
  class: string;
  style?: ReturnType<typeof compact>;
  children: ComponentChildren;
}

/** A card that is a form: its submission is the confirmation. */
function CardForm({ node, scope, class: name, style, children }: CardFormProps) {
  const { pending, run } = useAction('container');
  return (
    <FormElement scope={scope} class={name} style={style} busy={pending} onSubmit={() => run(node.confirm?.action)}>
      {children}
    </FormElement>
  );
}

/** Collapsed, only the first child is shown until one asks for the rest; the actions are done. */
function CardInside({ node, path }: NodeProps<Card>) {
  const [opened, setOpened] = useState(false);
  const id = `${useEnv().uid}${path}-body`;
  const confirm = object(node.confirm) as CardAction | undefined;
  const cancel = object(node.cancel) as CardAction | undefined;
  const collapsed = node.collapsed === true;
  const children = keyed(node.children, path);
  const shown = collapsed && !opened ? children.slice(0, 1) : children;
  return (
    <>
      <div class="ckw-card-body" id={id}>
        {shown.map((child) => (
          <Node key={child.key} node={child.node} path={child.path} />
        ))}
      </div>
      {collapsed && children.length > 1 && (
        <button
          type="button"
          class="ckw-more"
          aria-expanded={opened}
          aria-controls={id}
          onClick={() => setOpened(!opened)}
        >
          {opened ? 'Show less' : 'Show more'}
          <Glyph name={opened ? 'chevron-up' : 'chevron-down'} />
        </button>
      )}
      {!collapsed && (confirm || cancel) && (
        <div class="ckw-card-foot">
          {cancel && <CardButton action={cancel} look="secondary" />}
          {confirm && <CardButton action={confirm} look="primary" submit={node.asForm === true} />}
        </div>
      )}
    </>
  );
}

function CardButton({ action, look, submit }: { action: CardAction; look: 'primary' | 'secondary'; submit?: boolean }) {
  const { pending, run } = useAction('container');
  return (
    <Push
      class={buttonClass({ style: look, variant: look === 'primary' ? 'solid' : 'outline' })}
      submit={submit}
      pending={pending}
      onClick={submit ? undefined : () => run(action.action)}
    >
      <span class="ckw-button-content">{text(action.label, look === 'primary' ? 'Confirm' : 'Cancel')}</span>
    </Push>
  );
}

export function ListViewView({ node, path }: NodeProps<ListView>) {
  return (
    <Themed theme={node.theme}>
      <div class="ckw-root">
        <StatusLine status={node.status} />
        <Rows node={node} path={path} />
      </div>
    </Themed>
  );
}

function Rows({ node, path }: NodeProps<ListView>) {
  const [all, setAll] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const rows = keyed(node.children, path);
  const limit = node.limit === 'auto' ? FEW : (count(node.limit, 1, 10_000) ?? rows.length);
  const shown = all ? rows : rows.slice(0, limit);

  useLayoutEffect(() => {
    // The button is gone; go on where it was.
    if (all) (list.current?.children[limit] as HTMLElement | undefined)?.focus({ preventScroll: true });
  }, [all]);

  return (
    <div class="ckw-listview">
      <ul ref={list}>
        {shown.map((row, at) => (
          <li key={row.key} tabIndex={all && at === limit ? -1 : undefined}>
            <Node node={row.node} path={row.path} />
          </li>
        ))}
      </ul>
      {shown.length < rows.length && (
        <button type="button" class="ckw-more" onClick={() => setAll(true)}>
          Show {rows.length - shown.length} more
          <Glyph name="chevron-down" />
        </button>
      )}
    </div>
  );
}

/** A row. What is pressed lies below its content, so that buttons in it still are buttons. */
export function ListViewItemView({ node, path }: NodeProps<ListViewItem>) {
  const env = useEnv();
  const { pending, run } = useAction('self');
  const id = `${env.uid}${path}`;
  const clickable = object(node.onClickAction) !== undefined;
  return (
    <div class={classes('ckw-item', clickable && 'ckw-item-click')} aria-busy={pending || undefined}>
      {clickable && (
        <button
          type="button"
          class="ckw-item-hit"
          aria-labelledby={id}
          aria-disabled={pending || undefined}
          onClick={() => run(node.onClickAction)}
        />
      )}
      <div id={id} class="ckw-item-content ckw-across" style={compact(flow(node))}>
        <Children of={node.children} path={path} />
      </div>
    </div>
  );
}

export function BasicView({ node, path }: NodeProps<Basic>) {
  return (
    <Themed theme={node.theme}>
      <div
        class={classes('ckw-basic ckw-flex', node.direction === 'row' && 'ckw-across')}
        style={compact(flow(node), padding(node.padding))}
      >
        <Children of={node.children} path={path} />
      </div>
    </Themed>
  );
}
