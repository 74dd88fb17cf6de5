// The conversation: groups of a message and what answers it, and what stands below.

import { useComputed, useSignal } from '@preact/signals';
import { memo } from 'preact/compat';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import type { Item } from '../protocol/types';
import type { Conversation, Entry } from '../state/conversation';
import { useChat } from './context';
import { Icon } from './icon';
import { ItemView } from './items';
import { NoteView } from './items/note';
import { UserMessageView } from './items/user';
import { ResponseActions } from './response';
import { StartScreen } from './start';

interface Group {
  key: string;
  message: Entry | undefined;
  answer: Entry[];
}

/** Cuts the conversation where the user has written. */
function inGroups(entries: Entry[]): Group[] {
  const groups: Group[] = [];
  for (const entry of entries) {
    if ('item' in entry && entry.item.peek().type === 'user_message') {
      groups.push({ key: entry.key, message: entry, answer: [] });
    } else {
      const group = groups.at(-1);
      if (group) group.answer.push(entry);
      else groups.push({ key: entry.key, message: undefined, answer: [entry] });
    }
  }
  return groups;
}

/** How far from the end one may be and still follow it, in pixels. */
const NEAR = 90;

export function ThreadView({ conversation }: { conversation: Conversation }) {
  const groups = useComputed(() => inGroups(conversation.entries.value)).value;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const top = useRef(0);
  const away = useSignal(false);
  const loading = conversation.loading.value;
  const count = conversation.entries.value.length;

  function toEnd(behavior: ScrollBehavior = 'auto') {
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior });
  }
  function scrolled() {
    const it = scroller.current;
    if (!it) return;
    const near = it.scrollHeight - it.scrollTop - it.clientHeight < NEAR;
    // Only going up is a wish to leave the end: it also moves away when more is written than one frame can show.
    if (near) following.current = true;
    else if (it.scrollTop < top.current) following.current = false;
    top.current = it.scrollTop;
    away.value = !near && !following.current;
  }
  useEffect(() => {
    if (!content.current || !scroller.current) return undefined;
    const observer = new ResizeObserver(() => {
      if (following.current) toEnd();
    });
    observer.observe(content.current);
    observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  // Who has just written wants to see the answer.
  const lastKey = conversation.entries.value.at(-1)?.key;
  useLayoutEffect(() => {
    const last = conversation.entries.peek().at(-1);
    if (last && 'item' in last && last.item.peek().type === 'user_message') {
      following.current = true;
      toEnd();
    }
  }, [lastKey]);

  const empty = count === 0 && !loading && !conversation.initialId && !conversation.running.value;
  return (
    <div class="thread-frame">
      <div class="thread" ref={scroller} onScroll={scrolled} tabIndex={-1}>
        <div class="column" ref={content} role="log" aria-label="Messages" aria-live="off" aria-busy={conversation.running.value}>
          {empty && <StartScreen conversation={conversation} />}
          {loading && count === 0 && <Skeleton />}
          {groups.map((group, n) => (
            <GroupView key={group.key} group={group} conversation={conversation} last={n === groups.length - 1} />
          ))}
          <Progress conversation={conversation} />
          <ErrorView conversation={conversation} />
        </div>
      </div>
      <button
        type="button"
        class="to-end"
        aria-label="Go to the latest message"
        title="Go to the latest message"
        data-shown={away.value || undefined}
        tabIndex={away.value ? 0 : -1}
        aria-hidden={!away.value}
        onClick={() => toEnd('smooth')}
      >
        <Icon name="arrow-down" />
      </button>
    </div>
  );
}

function sameEntries(a: Entry[], b: Entry[]): boolean {
  return a.length === b.length && a.every((entry, n) => entry === b[n]);
}

/** One exchange. It is rendered again when an entry comes or goes; what is inside of an item is the item's. */
const GroupView = memo(
  function GroupView({ group, conversation, last }: { group: Group; conversation: Conversation; last: boolean }) {
    const running = last && conversation.running.value;
    return (
      <section class="group" data-last={last || undefined}>
        {group.message && 'item' in group.message && (
          <article class="message user" aria-label="You">
            <UserMessageView item={group.message.item} />
          </article>
        )}
        {group.answer.length > 0 && (
          <article class="message assistant" aria-label="Assistant">
            {group.answer.map((entry) =>
              'item' in entry ? (
                <ItemView key={entry.key} item={entry.item} conversation={conversation} />
              ) : (
                <NoteView key={entry.key} note={entry.note} conversation={conversation} />
              ),
            )}
            {!running && <ResponseActions items={itemsOf(group.answer)} after={idOf(group.message)} conversation={conversation} />}
          </article>
        )}
      </section>
    );
  },
  (before, after) =>
    before.last === after.last &&
    before.group.message === after.group.message &&
    sameEntries(before.group.answer, after.group.answer),
);

function itemsOf(entries: Entry[]): Item[] {
  return entries.flatMap((entry) => ('item' in entry ? [entry.item.value] : []));
}

/** Read when it is used: the server gives the message its id later. */
function idOf(entry: Entry | undefined): () => string | undefined {
  return () => (entry && 'item' in entry ? entry.item.peek().id : undefined);
}

/** What the assistant does, until there is something of it. */
function Progress({ conversation }: { conversation: Conversation }) {
  const progress = conversation.progress.value;
  if (!conversation.running.value) return null;
  if (progress) {
    return (
      <p class="progress">
        <Icon name={progress.icon ?? 'sparkle'} />
        <span class="shimmer">{progress.text}</span>
      </p>
    );
  }
  const last = conversation.entries.value.at(-1);
  const waiting = !last || ('item' in last && last.item.value.type === 'user_message') || conversation.growing.value === null;
  return waiting ? (
    <p class="progress" aria-hidden="true">
      <span class="thinking-dot" />
    </p>
  ) : null;
}

function ErrorView({ conversation }: { conversation: Conversation }) {
  const chat = useChat();
  const error = conversation.error.value;
  if (!error) return null;
  const reload = conversation.thread.value === null && conversation.initialId !== null;
  return (
    <div class="error" role="alert">
      <Icon name="info" />
      <p>{error.message}</p>
      {(error.retry || reload) && (
        <button
          type="button"
          class="button small"
          onClick={() => {
            void (reload ? conversation.load() : conversation.retry());
            chat.quote.value = '';
          }}
        >
          <Icon name="reload" />
          Try again
        </button>
      )}
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-label="Loading the conversation" role="status">
      <i />
      <i />
      <i />
      <i />
    </div>
  );
}
