// Where something comes from: inside of a text, and in lists.

import { useId, useRef } from 'preact/hooks';

import { hostOf, linkUrl } from '../../markdown/url';
import type { Source } from '../../protocol/types';
import { hasIcon, Icon } from '../icon';

function labelOf(source: Source): string {
  switch (source.type) {
    case 'url':
      return source.attribution || hostOf(source.url);
    case 'file':
      return source.filename;
    case 'entity':
      return source.inline_label || source.title;
    default:
      return (source as { title?: string }).title ?? 'Source';
  }
}

function iconOf(source: Source): string {
  if (source.type === 'entity') return hasIcon(source.icon) ? source.icon : 'cube';
  return source.type === 'file' ? 'document' : 'globe';
}

/** A source behind the words that it is for, with a card that tells more. */
export function Citation({ source }: { source: Source }) {
  const id = useId();
  const wrap = useRef<HTMLSpanElement>(null);
  const label = labelOf(source);
  const href = source.type === 'url' ? linkUrl(source.url) : undefined;

  /** Keeps the card inside of the column. */
  function place() {
    const box = wrap.current?.getBoundingClientRect();
    const card = wrap.current?.querySelector<HTMLElement>('.cite-card');
    if (!box || !card) return;
    const shift = Math.min(0, innerWidth - 12 - (box.left + card.offsetWidth));
    card.style.setProperty('--shift', `${Math.max(shift, 12 - box.left)}px`);
  }
  // What is seen, and what it stands for.
  const name = label === source.title ? label : `${label}: ${source.title}`;
  const props = { class: 'cite', 'aria-label': name, 'aria-describedby': id, 'data-source': source.type };
  return (
    <span class="cite-wrap" ref={wrap} onMouseEnter={place} onFocusCapture={place}>
      {href ? (
        <a {...props} href={href} target="_blank" rel="noopener noreferrer nofollow">
          {label}
        </a>
      ) : (
        <button type="button" {...props}>
          {source.type === 'entity' && <Icon name={iconOf(source)} />}
          {label}
        </button>
      )}
      <span class="cite-card" role="tooltip" id={id}>
        <span class="cite-from">
          <Icon name={iconOf(source)} />
          {source.type === 'entity' ? source.label || source.group || 'Entity' : source.type === 'url' ? hostOf(source.url) : 'File'}
        </span>
        <strong>{source.title}</strong>
        {source.description && <span>{source.description}</span>}
        {source.timestamp && <small>{source.timestamp}</small>}
      </span>
    </span>
  );
}

/** A source in a list. */
export function SourceRow({ source }: { source: Source }) {
  const href = source.type === 'url' ? linkUrl(source.url) : undefined;
  const body = (
    <>
      <Icon name={iconOf(source)} />
      <span class="source-title">{source.title || labelOf(source)}</span>
      <small>{source.type === 'url' ? hostOf(source.url) : source.type === 'file' ? source.filename : (source.group ?? '')}</small>
    </>
  );
  return href ? (
    <a class="source" href={href} target="_blank" rel="noopener noreferrer nofollow">
      {body}
    </a>
  ) : (
    <span class="source">{body}</span>
  );
}
