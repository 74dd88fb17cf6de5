// Text with tags of entities in it. A tag is one character to the user: it is walked over and deleted as a whole.

import { useEffect, useRef } from 'preact/hooks';

import type { Entity } from '../config';
import type { TagContent, UserContent } from '../protocol/types';

/** What the composer can do with its editor. */
export interface EditorHandle {
  focus(): void;
  content(): UserContent[];
  set(content: UserContent[]): void;
  /** Writes at the caret, or at the end. */
  insert(text: string): void;
  /** Puts a tag in the place of what was typed after the `@`. */
  mention(entity: Entity): void;
}

export interface EditorProps {
  id: string;
  label: string;
  placeholder: string;
  disabled?: boolean;
  /** For the list of entities that belongs to it while it is open. */
  listId?: string | undefined;
  activeOption?: string | undefined;
  handle: { current: EditorHandle | null };
  onChange(empty: boolean): void;
  /** What stands behind an `@` at the caret; null when there is none. */
  onMention(query: string | null): void;
  onKey(event: KeyboardEvent): void;
  onFiles(files: File[]): void;
}

const MENTION = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,40})$/u;

export function Editor(props: EditorProps) {
  const element = useRef<HTMLDivElement>(null);
  const tags = useRef(new WeakMap<Node, TagContent>());
  const latest = useRef(props);
  latest.current = props;

  function changed() {
    const root = element.current;
    if (!root) return;
    // A line break that the browser leaves behind is no text.
    if (root.textContent === '' && !root.querySelector('.tag')) root.replaceChildren();
    root.dataset['empty'] = String(root.childNodes.length === 0);
    latest.current.onChange(root.childNodes.length === 0);
    caretMoved();
  }

  /** The text node and offset of the caret, if it is in this editor. */
  function caret(): { node: Text; offset: number } | undefined {
    const selection = getSelection();
    const node = selection?.anchorNode;
    if (!selection?.isCollapsed || !(node instanceof Text) || !element.current?.contains(node)) return undefined;
    return { node, offset: selection.anchorOffset };
  }

  function mentionAt(): { node: Text; from: number; to: number; query: string } | undefined {
    const at = caret();
    const match = at && MENTION.exec(at.node.data.slice(0, at.offset));
    if (!at || !match) return undefined;
    const query = match[1] ?? '';
    return { node: at.node, from: at.offset - query.length - 1, to: at.offset, query };
  }

  function caretMoved() {
    latest.current.onMention(mentionAt()?.query ?? null);
  }

  function placeCaret(node: Node, offset: number) {
    getSelection()?.collapse(node, offset);
  }

  function chip(tag: TagContent): HTMLElement {
    const span = document.createElement('span');
    span.className = 'tag';
    span.contentEditable = 'false';
    span.textContent = tag.text;
    tags.current.set(span, tag);
    return span;
  }

  useEffect(() => {
    props.handle.current = {
      focus() {
        const root = element.current;
        if (!root) return;
        root.focus();
        if (!caret()) placeCaret(root, root.childNodes.length);
      },
      content() {
        return element.current ? read(element.current, tags.current) : [];
      },
      set(content) {
        const nodes = content.map((part) => (part.type === 'input_tag' ? chip(part) : document.createTextNode(part.text)));
        element.current?.replaceChildren(...nodes);
        changed();
      },
      insert(text) {
        const root = element.current;
        if (!root) return;
        const at = caret();
        if (at) {
          at.node.insertData(at.offset, text);
          placeCaret(at.node, at.offset + text.length);
        } else {
          const node = document.createTextNode(text);
          root.append(node);
          root.focus();
          placeCaret(node, text.length);
        }
        changed();
      },
      mention(entity) {
        const at = mentionAt();
        if (!at) return;
        const after = at.node.splitText(at.from);
        after.deleteData(0, at.to - at.from);
        if (!/^\s/.test(after.data)) after.insertData(0, ' ');
        const { id, title, group, data, interactive } = entity;
        const tag: TagContent = { type: 'input_tag', id, text: title, data: data ?? {}, interactive: interactive === true };
        if (group) tag.group = group;
        after.before(chip(tag));
        element.current?.focus();
        placeCaret(after, 1);
        changed();
      },
    };
    return () => {
      props.handle.current = null;
    };
  }, []);

  return (
    <div
      ref={element}
      id={props.id}
      class="editor"
      role="textbox"
      aria-multiline="true"
      aria-label={props.label}
      aria-autocomplete="list"
      aria-controls={props.listId}
      aria-activedescendant={props.activeOption}
      aria-disabled={props.disabled}
      contentEditable={props.disabled ? 'false' : 'plaintext-only'}
      data-placeholder={props.placeholder}
      data-empty="true"
      spellcheck
      enterkeyhint="send"
      onInput={changed}
      onKeyUp={caretMoved}
      onMouseUp={caretMoved}
      onBlur={() => latest.current.onMention(null)}
      onKeyDown={(event) => latest.current.onKey(event)}
      onPaste={(event) => {
        const files = Array.from(event.clipboardData?.files ?? []);
        if (files.length === 0) return;
        event.preventDefault();
        latest.current.onFiles(files);
      }}
    />
  );
}

/** What was written, with line breaks as the browser has put them: as characters, elements or blocks. */
function read(root: Node, tags: WeakMap<Node, TagContent>): UserContent[] {
  const content: UserContent[] = [];
  const write = (text: string) => {
    const last = content.at(-1);
    if (last?.type === 'input_text') last.text += text;
    else content.push({ type: 'input_text', text });
  };
  const walk = (node: Node) => {
    for (const child of node.childNodes) {
      const tag = tags.get(child);
      if (tag) content.push(tag);
      else if (child instanceof Text) write(child.data.replaceAll('\u00a0', ' '));
      else if (child.nodeName === 'BR') write('\n');
      else {
        if (child.previousSibling) write('\n');
        walk(child);
      }
    }
  };
  walk(root);

  const [first] = content;
  if (first?.type === 'input_text') first.text = first.text.trimStart();
  const last = content.at(-1);
  if (last?.type === 'input_text') last.text = last.text.trimEnd();
  return content.filter((part) => part.type !== 'input_text' || part.text !== '');
}
