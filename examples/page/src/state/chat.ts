// The page's state: the list of threads, and the conversation that is shown.

import { signal } from '@preact/signals';

import type { Config } from '../config';
import { Client } from '../protocol/client';
import { messageOf } from '../protocol/failure';
import type { Thread } from '../protocol/types';
import { Conversation, type Draft, type Surroundings } from './conversation';
import { Inspector } from './inspector';
import { Uploads } from './uploads';

const ALL = 9999;

export class Chat {
  readonly inspector = new Inspector();
  readonly client: Client;
  readonly uploads: Uploads;
  /** Newest first; null until they are loaded. */
  readonly threads = signal<Thread[] | null>(null);
  readonly moreThreads = signal(false);
  readonly listError = signal<string | null>(null);
  readonly current = signal<Conversation>(undefined as unknown as Conversation);
  /** What was written and could not be sent: the composer takes it. */
  readonly returned = signal<Draft | null>(null);
  /** What the next message quotes. */
  readonly quote = signal('');
  readonly model = signal<string | undefined>(undefined);
  readonly tool = signal<string | undefined>(undefined);

  /** Conversations whose turn goes on while another one is shown. */
  private readonly live = new Map<string, Conversation>();
  private readonly around: Surroundings = {
    threadChanged: (conversation, thread) => this.threadChanged(conversation, thread),
    returned: (draft) => {
      this.returned.value = draft;
    },
    lost: () => void this.loadThreads(),
  };

  constructor(
    readonly config: Config,
    client?: Client,
  ) {
    this.client = client ?? new Client({ url: config.api.url, observer: this.inspector });
    this.uploads = new Uploads(this.client, config);
    const { models } = config.composer;
    this.model.value = (models.find((it) => it.default) ?? models.find((it) => !it.disabled))?.id;
    this.current.value = new Conversation(this.client, config, this.around);
  }

  async loadThreads(): Promise<void> {
    this.listError.value = null;
    try {
      const page = await this.client.query('threads.list', { limit: ALL, order: 'desc' });
      this.threads.value = page.data;
      this.moreThreads.value = page.has_more === true;
    } catch (error) {
      this.listError.value = messageOf(error);
    }
  }

  async loadMoreThreads(): Promise<void> {
    const after = this.threads.value?.at(-1)?.id;
    if (!after) return;
    try {
      const page = await this.client.query('threads.list', { limit: ALL, order: 'desc', after });
      const known = new Set(this.threads.value?.map((thread) => thread.id));
      this.threads.value = [...(this.threads.value ?? []), ...page.data.filter((thread) => !known.has(thread.id))];
      this.moreThreads.value = page.has_more === true && page.data.length > 0;
    } catch (error) {
      this.listError.value = messageOf(error);
    }
  }

  /** Shows a thread. A turn that runs in the one before goes on. */
  async open(id: string): Promise<void> {
    if (this.current.value.id === id) return;
    this.leave();
    const live = this.live.get(id);
    if (live) {
      this.current.value = live;
      return;
    }
    const conversation = new Conversation(this.client, this.config, this.around, id);
    this.current.value = conversation;
    await conversation.load();
  }

  /** Shows the start screen. */
  startNew(): void {
    this.leave();
    this.current.value = new Conversation(this.client, this.config, this.around);
  }

  private leave(): void {
    const { value: left } = this.current;
    if (left.id && left.running.value) this.live.set(left.id, left);
    for (const [id, conversation] of this.live) {
      if (!conversation.running.value) this.live.delete(id);
    }
  }

  async rename(id: string, title: string): Promise<void> {
    const before = this.threads.value;
    this.show(id, { title });
    try {
      await this.client.query('threads.update', { thread_id: id, title });
    } catch (error) {
      this.threads.value = before;
      this.listError.value = messageOf(error);
    }
  }

  async delete(id: string): Promise<void> {
    try {
      await this.client.query('threads.delete', { thread_id: id });
    } catch (error) {
      this.listError.value = messageOf(error);
      return;
    }
    this.threads.value = this.threads.value?.filter((thread) => thread.id !== id) ?? null;
    this.live.get(id)?.stop();
    this.live.delete(id);
    if (this.current.value.id === id) {
      this.current.value.stop();
      this.startNew();
    }
  }

  private threadChanged(conversation: Conversation, thread: Thread): void {
    const known = this.threads.value ?? [];
    if (known.some((it) => it.id === thread.id)) this.show(thread.id, thread);
    else this.threads.value = [thread, ...known];
    if (conversation !== this.current.value) this.live.set(thread.id, conversation);
  }

  private show(id: string, change: Partial<Thread>): void {
    this.threads.value = this.threads.value?.map((it) => (it.id === id ? { ...it, ...change } : it)) ?? null;
    const { thread } = this.current.value;
    if (thread.value?.id === id && thread.value.title !== change.title) thread.value = { ...thread.value, ...change };
  }

  /** Sends a message in the conversation that is shown. A tool that is chosen once is no longer chosen then. */
  send(draft: Omit<Draft, 'model' | 'tool'>): Promise<void> {
    const tool = this.config.composer.tools.find((it) => it.id === this.tool.value);
    if (tool && !tool.persistent) this.tool.value = undefined;
    return this.current.value.send({ ...draft, model: this.model.value, tool: tool?.id });
  }
}
