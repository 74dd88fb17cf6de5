import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import type { Chat } from '../state/chat';
import { Composer } from './composer';
import { ChatContext } from './context';
import { Icon } from './icon';
import { InspectorPanel } from './inspector';
import { Sidebar } from './sidebar';
import { ThreadView } from './thread';

const WIDE = matchMedia('(min-width: 56rem)');
const PREFIX = '#/';

/** The id of the thread that the address names. */
function addressed(): string | null {
  const { hash } = location;
  return hash.startsWith(PREFIX) && hash.length > PREFIX.length ? decodeURIComponent(hash.slice(PREFIX.length)) : null;
}

export function App({ chat }: { chat: Chat }) {
  const sidebar = useSignal(WIDE.matches);
  const inspector = useSignal(false);
  const conversation = chat.current.value;
  const thread = conversation.thread.value;
  const id = thread?.id ?? conversation.initialId;
  const title = thread?.title || (id ? 'Untitled' : chat.config.title);

  useEffect(() => {
    const follow = () => {
      const wanted = addressed();
      if (wanted) void chat.open(wanted);
      else if (chat.current.peek().id) chat.startNew();
    };
    void chat.loadThreads();
    follow();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [chat]);

  useEffect(() => {
    if (addressed() === id) return;
    const address = id ? PREFIX + encodeURIComponent(id) : location.pathname + location.search;
    // A new thread takes the place of the start screen, it is no place to go back from.
    if (id && !addressed()) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
  }, [id]);

  useEffect(() => {
    document.title = thread?.title ? `${thread.title} – ${chat.config.title}` : chat.config.title;
  }, [thread?.title, chat]);

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key === '.' && (event.ctrlKey || event.metaKey)) inspector.value = !inspector.value;
      else if (event.key === 'Escape' && !event.defaultPrevented) closeOverlay();
    };
    const closeOverlay = () => {
      if (WIDE.matches) return;
      sidebar.value = false;
      inspector.value = false;
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);

  // What lies over the chat has the focus; afterwards what opened it has it again.
  const over = WIDE.matches ? null : sidebar.value ? 'sidebar' : inspector.value ? 'inspector' : null;
  const wasOver = useRef<typeof over>(null);
  useLayoutEffect(() => {
    if (over) document.querySelector<HTMLElement>(`#${over} button[data-close]`)?.focus();
    else if (wasOver.current) document.getElementById(`${wasOver.current}-toggle`)?.focus();
    wasOver.current = over;
  }, [over]);

  const leaveOverlay = () => {
    if (!WIDE.matches) sidebar.value = false;
  };

  return (
    <ChatContext.Provider value={chat}>
      <a class="skip" href="#composer" onClick={(event) => (event.preventDefault(), document.getElementById('composer')?.focus())}>
        Skip to the message box
      </a>
      <div class="app" data-sidebar={sidebar.value || undefined} data-inspector={inspector.value || undefined}>
        <Sidebar open={sidebar.value} onChosen={leaveOverlay} onClose={() => (sidebar.value = false)} />
        <main class="main" inert={over !== null}>
          <header class="header">
            <button
              id="sidebar-toggle"
              type="button"
              class="icon-button"
              aria-label={sidebar.value ? 'Hide the conversations' : 'Show the conversations'}
              title={sidebar.value ? 'Hide the conversations' : 'Show the conversations'}
              aria-expanded={sidebar.value}
              aria-controls="sidebar"
              onClick={() => (sidebar.value = !sidebar.value)}
            >
              <Icon name="sidebar" />
            </button>
            <h1 title={title}>{title}</h1>
            <button type="button" class="icon-button narrow-only" aria-label="New chat" title="New chat" onClick={() => chat.startNew()}>
              <Icon name="compose" />
            </button>
            <button
              id="inspector-toggle"
              type="button"
              class="icon-button"
              aria-label="Inspector"
              title="Inspector (Ctrl .)"
              aria-pressed={inspector.value}
              onClick={() => (inspector.value = !inspector.value)}
            >
              <Icon name="terminal" />
            </button>
          </header>
          <ThreadView key={conversation.key} conversation={conversation} />
          <Composer conversation={conversation} />
        </main>
        {inspector.value && <InspectorPanel inspector={chat.inspector} onClose={() => (inspector.value = false)} />}
      </div>
      <div class="visually-hidden" role="status" aria-live="polite">
        {conversation.announcement.value}
      </div>
    </ChatContext.Provider>
  );
}
