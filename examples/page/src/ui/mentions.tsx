// What can be mentioned, while something is typed behind an `@`.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { type Entity, searchEntities } from '../config';
import { isAbort } from '../protocol/failure';
import { useChat } from './context';
import { hasIcon, Icon } from './icon';

export interface MentionsHandle {
  /** Whether the list has used a key that was pressed in the editor. */
  key(event: KeyboardEvent): boolean;
}

interface MentionsProps {
  handle: { current: MentionsHandle | null };
  query: string | null;
  onActive(optionId: string | undefined): void;
  onChoose(entity: Entity): void;
  onClose(): void;
}

/** Long enough that not every letter is a request. */
const PAUSE_MS = 120;

export function Mentions({ handle, query, onActive, onChoose, onClose }: MentionsProps) {
  const chat = useChat();
  const found = useSignal<Entity[] | null>(null);
  const active = useSignal(0);
  const open = query !== null;

  useEffect(() => {
    if (query === null) {
      found.value = null;
      return undefined;
    }
    const controller = new AbortController();
    const timer = setTimeout(
      async () => {
        try {
          found.value = await searchEntities(chat.config, query, controller.signal);
          active.value = 0;
        } catch (error) {
          if (!isAbort(error)) found.value = [];
        }
      },
      chat.config.entities.searchUrl ? PAUSE_MS : 0,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [query]);

  const list = found.value ?? [];
  useEffect(() => onActive(open && list.length > 0 ? `mention-${active.value}` : undefined), [open, list, active.value]);
  useEffect(() => {
    document.getElementById(`mention-${active.value}`)?.scrollIntoView({ block: 'nearest' });
  }, [active.value]);

  useEffect(() => {
    handle.current = {
      key(event) {
        if (!open) return false;
        if (event.key === 'Escape') {
          event.preventDefault();
          onClose();
          return true;
        }
        const chosen = list[active.value];
        if (!chosen || event.isComposing) return false;
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          const step = event.key === 'ArrowDown' ? 1 : list.length - 1;
          active.value = (active.value + step) % list.length;
        } else if (event.key === 'Enter' || event.key === 'Tab') {
          onChoose(chosen);
        } else {
          return false;
        }
        event.preventDefault();
        return true;
      },
    };
  });

  if (!open || found.value === null) return null;
  return (
    <div class="mentions">
      {list.length === 0 && <p>Nothing found.</p>}
      <ul id="mentions" role="listbox" aria-label="Mention">
        {list.map((entity, n) => (
          <li
            key={entity.id}
            id={`mention-${n}`}
            role="option"
            aria-selected={n === active.value}
            onMouseDown={(event) => event.preventDefault()}
            onMouseMove={() => (active.value = n)}
            onClick={() => onChoose(entity)}
          >
            <Icon name={hasIcon(entity.icon) ? entity.icon : 'cube'} />
            <span>{entity.title}</span>
            {entity.group && <small>{entity.group}</small>}
          </li>
        ))}
      </ul>
    </div>
  );
}
