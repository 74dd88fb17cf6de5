// One thread as the page shows it, and the requests that go on with it.

import { batch, computed, signal, type Signal } from '@preact/signals';

import type { Config } from '../config';
import { applyUpdate } from '../protocol/apply';
import { type Client, uuid } from '../protocol/client';
import { Failure, isAbort, messageOf } from '../protocol/failure';
import type {
  Action,
  Attachment,
  ClientToolCall,
  Item,
  Notice,
  StreamEvent,
  StreamingRequest,
  StructuredSubmission,
  Thread,
  UserContent,
  UserMessage,
} from '../protocol/types';
import { Pace } from './pace';

/** What the user has written, and with what it is sent. */
export interface Draft {
  content: UserContent[];
  attachments: Attachment[];
  quote: string;
  model?: string | undefined;
  tool?: string | undefined;
}

/** What happened in the page and is not in the thread: it is gone after a reload. */
export type Note =
  | { type: 'effect'; name: string; data: Record<string, unknown> }
  | { type: 'client_action'; action: Action; itemId: string };

/** One row of the conversation. Its key stays when the server gives the item another id. */
export type Entry = { key: string; item: Signal<Item> } | { key: string; note: Note };

export interface ShownError {
  message: string;
  /** Whether it makes sense to ask again. */
  retry: boolean;
}

/** What a conversation tells the page. */
export interface Surroundings {
  /** The thread is new, or its title or status has changed. */
  threadChanged(conversation: Conversation, thread: Thread): void;
  /** A message did not get to the server: the user gets it back. */
  returned(draft: Draft): void;
  /** A connection broke before the server had named the thread: it may be there, or not. */
  lost(): void;
}

const ALL = 9999;

export class Conversation {
  /** Its own for as long as the page shows it, also when the server gives it an id. */
  readonly key = uuid();
  readonly thread = signal<Thread | null>(null);
  readonly entries = signal<Entry[]>([]);
  /** Loads its items. */
  readonly loading = signal(false);
  /** There are more items on the server. */
  readonly more = signal(false);
  /** A turn is running. */
  readonly running = signal(false);
  readonly allowCancel = signal(true);
  readonly progress = signal<{ text: string; icon?: string | null } | null>(null);
  readonly error = signal<ShownError | null>(null);
  readonly notices = signal<{ key: string; notice: Notice }[]>([]);
  readonly feedback = signal<Record<string, 'positive' | 'negative'>>({});
  /** The id of the item that the stream is writing. */
  readonly growing = signal<string | null>(null);
  /** What those who do not see the page are told. */
  readonly announcement = signal('');

  readonly status = computed(() => this.thread.value?.status ?? { type: 'active' as const });
  readonly items = computed(() =>
    this.entries.value.flatMap((entry) => ('item' in entry ? [entry.item.value] : [])),
  );

  /** The id of the last item. Unlike `items` it does not change while an item grows. */
  readonly lastId = computed(() => {
    for (let n = this.entries.value.length - 1; n >= 0; n -= 1) {
      const entry = this.entries.value[n];
      const item = entry && 'item' in entry ? entry.item.peek() : undefined;
      if (item && item.type !== 'end_of_turn') return item.id;
    }
    return null;
  });

  private readonly rows = new Map<string, Signal<Item>>();
  private stopping: AbortController | undefined;
  /** The message that the server has not confirmed. */
  private unconfirmed: { entry: Entry; draft: Draft } | undefined;
  /** Client tools that this page was asked for in the turn that runs. */
  private asked: string[] = [];

  constructor(
    private readonly client: Client,
    private readonly config: Config,
    private readonly around: Surroundings,
    /** The thread; null for one that the first message creates. */
    readonly initialId: string | null = null,
  ) {}

  get id(): string | null {
    return this.thread.peek()?.id ?? this.initialId;
  }

  /** Loads the thread and its items. */
  async load(): Promise<void> {
    const thread_id = this.id;
    if (!thread_id) return;
    this.loading.value = true;
    this.error.value = null;
    try {
      const thread = await this.client.query('threads.get_by_id', { thread_id });
      batch(() => {
        this.thread.value = thread;
        this.rows.clear();
        this.entries.value = [];
        this.append(thread.items?.data ?? []);
        this.more.value = thread.items?.has_more === true;
      });
      await this.loadRest();
    } catch (error) {
      this.error.value = { message: messageOf(error), retry: false };
    } finally {
      this.loading.value = false;
    }
  }

  private async loadRest(): Promise<void> {
    while (this.more.value && this.id) {
      const after = this.items.peek().at(-1)?.id;
      const params = { thread_id: this.id, limit: ALL, order: 'asc' as const, ...(after ? { after } : {}) };
      const page = await this.client.query('items.list', params);
      batch(() => {
        this.append(page.data);
        this.more.value = page.has_more === true && page.data.length > 0;
      });
    }
  }

  private append(items: Item[]): void {
    const fresh = items.filter((item) => !this.rows.has(item.id));
    this.entries.value = [...this.entries.value, ...fresh.map((item) => this.row(item))];
  }

  private row(item: Item, key = item.id): Entry {
    const entry = { key, item: signal(item) };
    this.rows.set(item.id, entry.item);
    return entry;
  }

  /** Sends a message, in a new thread if there is none. */
  async send(draft: Draft): Promise<void> {
    if (this.running.value) return;
    const inference_options = {
      ...(draft.model ? { model: draft.model } : {}),
      ...(draft.tool ? { tool_choice: { id: draft.tool } } : {}),
    };
    const shown: UserMessage = {
      type: 'user_message',
      id: `local_${uuid()}`,
      thread_id: this.id ?? '',
      created_at: new Date().toISOString(),
      content: draft.content,
      attachments: draft.attachments,
      quoted_text: draft.quote,
      inference_options,
    };
    const entry = this.row(shown);
    this.unconfirmed = { entry, draft };
    this.notices.value = [];
    this.entries.value = [...this.entries.value, entry];
    const input = {
      content: draft.content,
      quoted_text: draft.quote,
      attachments: draft.attachments.map((attachment) => attachment.id),
      inference_options,
    };
    await this.run(
      this.id
        ? { type: 'threads.add_user_message', params: { input, thread_id: this.id } }
        : { type: 'threads.create', params: { input } },
    );
  }

  /** Stops the turn: the connection is closed, and the server notices. */
  stop(): void {
    this.stopping?.abort();
  }

  /** Answers again after an item of the previous turn, or after the last message; what was answered is gone. */
  async retry(after?: string): Promise<void> {
    const last = this.items.peek().findLast((item) => item.type === 'user_message');
    const item_id = after ?? last?.id;
    if (!this.id || !item_id || this.running.value) return;
    const at = this.entries.value.findIndex((entry) => 'item' in entry && entry.item.peek().id === item_id);
    for (const entry of this.entries.value.slice(at + 1)) {
      if ('item' in entry) this.rows.delete(entry.item.peek().id);
    }
    this.entries.value = this.entries.value.slice(0, at + 1);
    await this.run({ type: 'threads.retry_after_item', params: { thread_id: this.id, item_id } });
  }

  /** Gives the result of a client tool that was asked for. */
  async answerTool(call: ClientToolCall, result: unknown): Promise<void> {
    if (!this.id || this.running.value) return;
    this.put({ ...call, status: 'completed', output: result });
    await this.run({ type: 'threads.add_client_tool_output', params: { thread_id: this.id, result } });
  }

  /** Sends what the user has answered to structured questions. */
  async answerQuestions(itemId: string, input: StructuredSubmission): Promise<void> {
    if (!this.id || this.running.value) return;
    const item = this.rows.get(itemId)?.peek();
    if (item?.type === 'structured_input') {
      const inputs = item.inputs.map((it) => ({ ...it, answer: input.answers[it.id] ?? null }));
      this.put({ ...item, status: input.status, inputs });
    }
    await this.run({ type: 'threads.add_structured_input', params: { thread_id: this.id, item_id: itemId, input } });
  }

  /** An action that is answered with events. It waits for the turn that runs. */
  async act(itemId: string | null, action: Action): Promise<void> {
    if (!this.id) return;
    await this.idle();
    await this.run({ type: 'threads.custom_action', params: { item_id: itemId, action, thread_id: this.id } });
  }

  /** An action that is answered with the changed item. */
  async actSync(itemId: string, action: Action): Promise<void> {
    if (!this.id) return;
    const params = { item_id: itemId, action, thread_id: this.id };
    try {
      const answer = await this.client.query('threads.sync_custom_action', params);
      if (answer.updated_item) this.put(answer.updated_item);
    } catch (error) {
      this.error.value = { message: messageOf(error), retry: false };
    }
  }

  /** An action that the page handles: this one shows it. */
  actHere(itemId: string, action: Action): void {
    this.note({ type: 'client_action', action, itemId });
  }

  /** Judges items; the judgement is taken back on the page when the server does not take it. */
  async judge(itemIds: string[], kind: 'positive' | 'negative'): Promise<void> {
    const key = itemIds[0];
    if (!this.id || !key) return;
    const before = this.feedback.value;
    this.feedback.value = { ...before, [key]: kind };
    try {
      await this.client.query('items.feedback', { thread_id: this.id, item_ids: itemIds, kind });
      this.announcement.value = 'Thank you for the feedback.';
    } catch (error) {
      this.feedback.value = before;
      this.error.value = { message: messageOf(error), retry: false };
    }
  }

  dismissNotice(key: string): void {
    this.notices.value = this.notices.value.filter((it) => it.key !== key);
  }

  private idle(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.running.subscribe((running) => {
        // The first call comes before `stop` is there.
        if (!running) queueMicrotask(() => (stop(), resolve()));
      });
    });
  }

  /** Runs one turn to its end, and goes on with the client tool it may have asked for. */
  private async run(request: StreamingRequest): Promise<void> {
    const stopping = new AbortController();
    this.stopping = stopping;
    this.asked = [];
    batch(() => {
      this.running.value = true;
      this.allowCancel.value = true;
      this.error.value = null;
      this.announcement.value = 'The assistant is answering.';
    });
    const pace = new Pace<StreamEvent>((events) => batch(() => events.forEach((event) => this.apply(event))));
    let failed = false;
    try {
      const waiting = () => {
        this.progress.value = { text: 'The server is busy. Trying again…', icon: 'clock' };
      };
      await this.client.stream(request, (events) => pace.push(events), stopping.signal, waiting);
      pace.flush();
    } catch (error) {
      pace.flush();
      failed = true;
      if (!isAbort(error)) await this.fail(error);
    }
    batch(() => {
      this.running.value = false;
      this.progress.value = null;
      this.growing.value = null;
      this.announcement.value = failed ? 'The answer has ended early.' : this.lastWords();
    });
    this.unconfirmed = undefined;
    if (!failed) this.answerConfiguredTool();
  }

  private answerConfiguredTool(): void {
    const call = this.asked.map((id) => this.rows.get(id)?.peek()).at(-1);
    if (call?.type !== 'client_tool_call' || call.status !== 'pending') return;
    if (Object.hasOwn(this.config.clientTools, call.name)) {
      void this.answerTool(call, this.config.clientTools[call.name]);
    }
  }

  private async fail(error: unknown): Promise<void> {
    const lost = this.unconfirmed;
    const midStream = error instanceof Failure && error.midStream;
    const status = error instanceof Failure ? error.status : undefined;
    let retry = midStream || status === undefined || status >= 500;
    if (lost) {
      // The server has taken the request, and then the connection broke: only the server knows what it has stored.
      const stored = midStream && this.id !== null && (await this.hasStored(lost.draft));
      if (!stored) {
        this.entries.value = this.entries.value.filter((entry) => entry !== lost.entry);
        this.around.returned(lost.draft);
        if (midStream && this.id === null) this.around.lost();
        retry = false;
      }
    }
    this.error.value = { message: messageOf(error), retry };
  }

  /** Loads the thread again, and looks whether it ends with a message. */
  private async hasStored(draft: Draft): Promise<boolean> {
    await this.load();
    const last = this.items.peek().findLast((item) => item.type === 'user_message');
    return JSON.stringify(last?.content.map((part) => part.text)) === JSON.stringify(draft.content.map((part) => part.text));
  }

  private lastWords(): string {
    const last = this.items.peek().findLast((item) => item.type !== 'end_of_turn');
    if (last?.type !== 'assistant_message') return 'The assistant has finished.';
    const said = last.content.map((part) => part.text).join('\n');
    // Read aloud, the marks of Markdown are noise.
    return `The assistant says: ${said.replace(/[*_`#>|~]+/g, '').slice(0, 2_000)}`;
  }

  private apply(event: StreamEvent): void {
    switch (event.type) {
      case 'thread.created':
      case 'thread.updated': {
        const { items: _, ...thread } = event.thread;
        this.thread.value = thread;
        this.around.threadChanged(this, thread);
        break;
      }
      case 'thread.item.added':
        this.progress.value = null;
        this.growing.value = event.item.id;
        this.put(event.item);
        break;
      case 'thread.item.replaced':
        this.put(event.item);
        break;
      case 'thread.item.done':
        this.progress.value = null;
        if (this.growing.value === event.item.id) this.growing.value = null;
        if (event.item.type === 'client_tool_call') this.asked.push(event.item.id);
        this.put(event.item);
        break;
      case 'thread.item.updated': {
        const row = this.rows.get(event.item_id);
        if (row) row.value = applyUpdate(row.peek(), event.update);
        break;
      }
      case 'thread.item.removed':
        this.rows.delete(event.item_id);
        this.entries.value = this.entries.value.filter(
          (entry) => !('item' in entry) || entry.item.peek().id !== event.item_id,
        );
        break;
      case 'stream_options':
        this.progress.value = null;
        this.allowCancel.value = event.stream_options.allow_cancel;
        break;
      case 'progress_update':
        this.progress.value = { text: event.text, icon: event.icon ?? null };
        this.announcement.value = event.text;
        break;
      case 'client_effect':
        this.note({ type: 'effect', name: event.name, data: event.data ?? {} });
        break;
      case 'notice':
        this.notices.value = [...this.notices.value, { key: uuid(), notice: event }];
        break;
      case 'error':
        this.error.value = {
          message: event.message || 'An error occurred while answering.',
          retry: event.allow_retry === true,
        };
        break;
    }
  }

  /** An item that is new, or known in an older state. */
  private put(item: Item): void {
    const known = this.rows.get(item.id);
    if (known) {
      known.value = item;
      return;
    }
    const waiting = this.unconfirmed;
    if (item.type === 'user_message' && waiting && 'item' in waiting.entry) {
      // The message that the page has shown already. The previews it made itself are there sooner than the server's.
      const shown = waiting.entry.item.peek();
      this.rows.delete(shown.id);
      this.rows.set(item.id, waiting.entry.item);
      const previews = new Map(waiting.draft.attachments.map((it) => [it.id, it.preview_url]));
      const attachments = item.attachments?.map((it) => {
        const preview_url = previews.get(it.id) ?? it.preview_url;
        return preview_url ? { ...it, preview_url } : it;
      });
      waiting.entry.item.value = { ...item, ...(attachments ? { attachments } : {}) };
      this.unconfirmed = undefined;
      return;
    }
    this.entries.value = [...this.entries.value, this.row(item)];
  }

  private note(note: Note): void {
    this.entries.value = [...this.entries.value, { key: `note_${uuid()}`, note }];
  }
}
