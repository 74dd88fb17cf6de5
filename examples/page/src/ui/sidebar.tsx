// The list of threads.

import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';

import type { Thread } from '../protocol/types';
import { choose, preference, type Preference } from '../state/theme';
import { useChat } from './context';
import { Icon } from './icon';
import { Menu } from './menu';

const THEMES: { value: Preference; label: string; icon: string }[] = [
  { value: 'system', label: 'As the system', icon: 'monitor' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
];

interface SidebarProps {
  open: boolean;
  /** A thread was chosen. */
  onChosen(): void;
  onClose(): void;
}

export function Sidebar({ open, onChosen, onClose }: SidebarProps) {
  const chat = useChat();
  const renaming = useSignal<string | null>(null);
  const deleting = useSignal<Thread | null>(null);
  const threads = chat.threads.value;
  const current = chat.current.value;
  const currentId = current.thread.value?.id ?? current.initialId;
  const groups = useMemo(() => byAge(threads ?? []), [threads]);
  const themeIcon = THEMES.find((it) => it.value === preference.value)?.icon ?? 'monitor';

  return (
    <>
      <div class="scrim" onClick={onClose} />
      <nav id="sidebar" class="sidebar" aria-label="Conversations" inert={!open}>
        <div class="sidebar-head">
          <span class="brand">{chat.config.title}</span>
          <button type="button" class="icon-button narrow-only" data-close aria-label="Close" onClick={onClose}>
            <Icon name="cross" />
          </button>
        </div>
        <button
          type="button"
          class="new-chat"
          onClick={() => {
            chat.startNew();
            onChosen();
            document.getElementById('composer')?.focus();
          }}
        >
          <Icon name="compose" />
          New chat
        </button>
        <div class="threads">
          {chat.listError.value && (
            <p class="sidebar-note" role="alert">
              {chat.listError.value}{' '}
              <button type="button" class="link" onClick={() => chat.loadThreads()}>
                Try again
              </button>
            </p>
          )}
          {threads === null && !chat.listError.value && <p class="sidebar-note">Loading…</p>}
          {threads?.length === 0 && <p class="sidebar-note">No conversations yet.</p>}
          {groups.map(([name, members]) => (
            <section key={name} aria-label={name}>
              <h2>{name}</h2>
              <ul>
                {members.map((thread) => (
                  <li key={thread.id} data-current={thread.id === currentId || undefined}>
                    {renaming.value === thread.id ? (
                      <Rename thread={thread} onDone={() => (renaming.value = null)} />
                    ) : (
                      <>
                        <button
                          type="button"
                          class="thread-link"
                          aria-current={thread.id === currentId ? 'page' : undefined}
                          title={thread.title || 'Untitled'}
                          onClick={() => {
                            void chat.open(thread.id);
                            onChosen();
                          }}
                        >
                          <span>{thread.title || 'Untitled'}</span>
                          {thread.status && thread.status.type !== 'active' && (
                            <small class="thread-status">{thread.status.type}</small>
                          )}
                        </button>
                        <Menu
                          label={`Options of ${thread.title || 'the untitled conversation'}`}
                          items={[
                            { key: 'rename', label: 'Rename', icon: 'write', run: () => (renaming.value = thread.id) },
                            {
                              key: 'delete',
                              label: 'Delete',
                              icon: 'trash',
                              danger: true,
                              run: () => (deleting.value = thread),
                            },
                          ]}
                        >
                          <Icon name="dots-horizontal" />
                        </Menu>
                      </>
                    )}
                  </li>
                ))}
              </ul>
            </section>
          ))}
          {chat.moreThreads.value && (
            <button type="button" class="button small" onClick={() => chat.loadMoreThreads()}>
              Show more
            </button>
          )}
        </div>
        <div class="sidebar-foot">
          <Menu
            label="Theme"
            class="foot-button"
            side="above"
            items={THEMES.map(({ value, label, icon }) => ({
              key: value,
              label,
              icon,
              checked: preference.value === value,
              run: () => choose(value),
            }))}
          >
            <Icon name={themeIcon} />
            <span>Theme</span>
          </Menu>
        </div>
      </nav>
      {deleting.value && (
        <ConfirmDelete
          thread={deleting.value}
          onClose={(confirmed) => {
            if (confirmed && deleting.value) void chat.delete(deleting.value.id);
            deleting.value = null;
          }}
        />
      )}
    </>
  );
}

function Rename({ thread, onDone }: { thread: Thread; onDone(): void }) {
  const chat = useChat();
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => input.current?.select(), []);

  function finish(save: boolean) {
    if (done.current) return;
    done.current = true;
    const title = input.current?.value.trim();
    if (save && title && title !== thread.title) void chat.rename(thread.id, title);
    onDone();
  }
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        finish(true);
      }}
    >
      <input
        ref={input}
        aria-label="Title of the conversation"
        defaultValue={thread.title ?? ''}
        maxLength={200}
        autoFocus
        onBlur={() => finish(true)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          finish(false);
        }}
      />
    </form>
  );
}

function ConfirmDelete({ thread, onClose }: { thread: Thread; onClose(confirmed: boolean): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="delete-title" onClose={() => onClose(dialog.current?.returnValue === 'delete')}>
      <form method="dialog">
        <h2 id="delete-title">Delete this conversation?</h2>
        <p>
          <strong>{thread.title || 'Untitled'}</strong> will be gone for good.
        </p>
        <div class="dialog-actions">
          <button class="button" value="cancel" autoFocus>
            Cancel
          </button>
          <button class="button danger" value="delete">
            Delete
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Threads under the names of their days. */
function byAge(threads: Thread[]): [string, Thread[]][] {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const day = 86_400_000;
  const name = (thread: Thread) => {
    const created = Date.parse(thread.created_at);
    if (created >= midnight) return 'Today';
    if (created >= midnight - day) return 'Yesterday';
    if (created >= midnight - 7 * day) return 'Last seven days';
    return 'Earlier';
  };
  const groups = new Map<string, Thread[]>();
  for (const thread of threads) {
    const group = name(thread);
    groups.set(group, [...(groups.get(group) ?? []), thread]);
  }
  return [...groups];
}
