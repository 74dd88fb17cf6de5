// Where the user writes: text with mentions, files, a quote, a tool and a model.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { Markdown } from '../markdown';
import type { Conversation } from '../state/conversation';
import { useChat } from './context';
import { Dictation } from './dictation';
import { Editor, type EditorHandle } from './editor';
import { Icon } from './icon';
import { Mentions, type MentionsHandle } from './mentions';
import { Menu } from './menu';
import { NoticeList } from './notices';
import { QuoteButton } from './quote';
import { UploadList } from './uploads';

export function Composer({ conversation }: { conversation: Conversation }) {
  const chat = useChat();
  const { composer, disclaimer, entities } = chat.config;
  const editor = useRef<EditorHandle>(null);
  const mentions = useRef<MentionsHandle>(null);
  const files = useRef<HTMLInputElement>(null);
  const empty = useSignal(true);
  const query = useSignal<string | null>(null);
  const option = useSignal<string | undefined>(undefined);
  const dragging = useSignal(false);
  const refused = useSignal<string[]>([]);

  const status = conversation.status.value;
  const open = status.type === 'active';
  const running = conversation.running.value;
  const uploads = chat.uploads.list.value;
  const tool = composer.tools.find((it) => it.id === chat.tool.value);
  const model = composer.models.find((it) => it.id === chat.model.value);
  const canMention = (entities.list?.length ?? 0) > 0 || entities.searchUrl !== undefined;
  const canSend = open && !running && chat.uploads.ready && (!empty.value || uploads.length > 0);

  // The page is there, or shows another conversation: go on writing, unless that would bring up a keyboard.
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) editor.current?.focus();
  }, [conversation]);

  const returned = chat.returned.value;
  useEffect(() => {
    if (!returned) return;
    chat.returned.value = null;
    editor.current?.set(returned.content);
    chat.quote.value = returned.quote;
    chat.uploads.restore(returned.attachments);
    editor.current?.focus();
  }, [returned]);

  const { quote } = chat;
  const quoted = quote.value;
  useEffect(() => {
    if (quoted) editor.current?.focus();
  }, [quoted]);

  function send() {
    if (!canSend || !editor.current) return;
    const content = editor.current.content();
    if (content.length === 0 && uploads.length === 0) return;
    const draft = { content, attachments: chat.uploads.take(), quote: quote.value };
    editor.current.set([]);
    quote.value = '';
    refused.value = [];
    void chat.send(draft);
  }

  function key(event: KeyboardEvent) {
    if (mentions.current?.key(event)) return;
    // While an input method is at work, the keys are its own.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && running && conversation.allowCancel.value) {
      event.preventDefault();
      conversation.stop();
    }
  }

  function addFiles(all: File[]) {
    if (composer.attachments.enabled && open) refused.value = chat.uploads.add(all);
  }

  if (!open) {
    const closed = status.type === 'closed';
    return (
      <footer class="composer-frame">
        <NoticeList conversation={conversation} />
        <div class="composer blocked" role="status">
          <Icon name={closed ? 'check-circle' : 'lock'} />
          <p>
            {status.reason || (closed ? 'This conversation is closed.' : 'This conversation is locked for now.')}
          </p>
          {closed && (
            <button type="button" class="button small" onClick={() => chat.startNew()}>
              New chat
            </button>
          )}
        </div>
      </footer>
    );
  }

  const accept = Object.entries(composer.attachments.accept ?? {}).flat(2).join(',');
  const add = [
    ...(composer.attachments.enabled
      ? [{ key: 'files', label: 'Add photos and files', icon: 'paperclip', run: () => files.current?.click() }]
      : []),
    ...(canMention ? [{ key: 'mention', label: 'Mention', icon: 'at', run: () => (editor.current?.focus(), editor.current?.insert(empty.value ? '@' : ' @')) }] : []),
    ...composer.tools
      .filter((it) => !it.pinned)
      .map((it) => ({
        key: `tool ${it.id}`,
        label: it.label,
        icon: it.icon ?? 'bolt',
        checked: it.id === chat.tool.value,
        run: () => {
          chat.tool.value = chat.tool.value === it.id ? undefined : it.id;
          editor.current?.focus();
        },
      })),
    // An action needs a thread.
    ...chat.config.actions.map(({ label, action }) => ({
      key: `action ${label}`,
      label,
      icon: 'bolt',
      disabled: conversation.thread.value === null,
      run: () => void conversation.act(null, action),
    })),
  ];

  return (
    <footer class="composer-frame">
      <NoticeList conversation={conversation} />
      {refused.value.length > 0 && (
        <div class="notice" data-level="warning" role="alert">
          <div class="notice-body">
            {refused.value.map((reason) => (
              <p key={reason}>{reason}</p>
            ))}
          </div>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => (refused.value = [])}>
            <Icon name="cross" />
          </button>
        </div>
      )}
      <form
        class="composer"
        data-dragging={dragging.value || undefined}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onDragOver={(event) => {
          if (!composer.attachments.enabled || !event.dataTransfer?.types.includes('Files')) return;
          event.preventDefault();
          dragging.value = true;
        }}
        onDragLeave={() => (dragging.value = false)}
        onDrop={(event) => {
          dragging.value = false;
          if (!event.dataTransfer?.files.length) return;
          event.preventDefault();
          addFiles(Array.from(event.dataTransfer.files));
        }}
      >
        {canMention && (
          <Mentions
            handle={mentions}
            query={query.value}
            onActive={(id) => (option.value = id)}
            onChoose={(entity) => editor.current?.mention(entity)}
            onClose={() => (query.value = null)}
          />
        )}
        {quoted && (
          <p class="quoted">
            <Icon name="quote" />
            <span>{quoted}</span>
            <button type="button" class="icon-button" aria-label="Remove the quote" onClick={() => (quote.value = '')}>
              <Icon name="cross" />
            </button>
          </p>
        )}
        <UploadList uploads={chat.uploads} />
        <Editor
          id="composer"
          label="Message"
          placeholder={tool?.placeholderOverride ?? composer.placeholder}
          handle={editor}
          listId={canMention && query.value !== null ? 'mentions' : undefined}
          activeOption={option.value}
          onChange={(now) => (empty.value = now)}
          onMention={(now) => (query.value = canMention ? now : null)}
          onKey={key}
          onFiles={addFiles}
        />
        <div class="composer-row">
          {composer.attachments.enabled && (
            <input
              ref={files}
              type="file"
              multiple
              hidden
              accept={accept || undefined}
              aria-label="Files"
              onChange={(event) => {
                addFiles(Array.from(event.currentTarget.files ?? []));
                event.currentTarget.value = '';
                editor.current?.focus();
              }}
            />
          )}
          {add.length > 0 && (
            <Menu label="Add files or choose a tool" side="above" items={add}>
              <Icon name="plus" />
            </Menu>
          )}
          {composer.tools
            .filter((it) => it.pinned || it.id === tool?.id)
            .map((it) => {
              const chosen = it.id === tool?.id;
              return (
                <button
                  key={it.id}
                  type="button"
                  class="tool-chip"
                  aria-pressed={chosen}
                  title={it.label}
                  aria-label={it.label}
                  onClick={() => {
                    chat.tool.value = chosen ? undefined : it.id;
                    editor.current?.focus();
                  }}
                >
                  <Icon name={it.icon ?? 'bolt'} />
                  <span>{it.shortLabel ?? it.label}</span>
                  {chosen && <Icon name="cross" class="chip-cross" />}
                </button>
              );
            })}
          <span class="gap" />
          {composer.models.length > 0 && (
            <Menu
              label={`Model: ${model?.label ?? 'none'}`}
              class="model-button"
              side="above"
              items={composer.models.map((it) => ({
                key: it.id,
                label: it.label,
                description: it.description,
                disabled: it.disabled,
                checked: it.id === chat.model.value,
                run: () => (chat.model.value = it.id),
              }))}
            >
              <span>{model?.label ?? 'Model'}</span>
              <Icon name="chevron-down" />
            </Menu>
          )}
          {composer.dictation.enabled && <Dictation onText={(text) => editor.current?.insert(text)} />}
          {running && conversation.allowCancel.value ? (
            <button type="button" class="send" aria-label="Stop" title="Stop (Esc)" onClick={() => conversation.stop()}>
              <Icon name="stop" />
            </button>
          ) : (
            <button type="submit" class="send" aria-label="Send" title="Send (Enter)" disabled={!canSend}>
              <Icon name="arrow-up" />
            </button>
          )}
        </div>
      </form>
      {disclaimer && (
        <div class="disclaimer">
          <Markdown text={disclaimer.text} />
        </div>
      )}
      <QuoteButton onQuote={(text) => (quote.value = text)} />
    </footer>
  );
}
