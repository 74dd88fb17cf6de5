// The list of threads, and the files of a message.

import { describe, expect, it } from 'vitest';

import { Client } from '../src/protocol/client';
import type { Thread } from '../src/protocol/types';
import { Chat } from '../src/state/chat';
import { Uploads } from '../src/state/uploads';
import { config, events, FakeServer, json, openStream } from './support';

const thread = (id: string, title: string | null = null): Thread => ({ id, title, created_at: '2026-01-01T00:00:00Z' });

function start(server: FakeServer, given: Parameters<typeof config>[0] = {}) {
  const client = new Client({ url: '/chatkit', fetch: server.fetch, sleep: async () => {} });
  return { chat: new Chat(config(given), client), client };
}
const params = (server: FakeServer) => server.sent.map((sent) => (sent.body as { params: unknown }).params);
const ids = (chat: Chat) => chat.threads.value?.map((it) => it.id);
const hello = { content: [{ type: 'input_text' as const, text: 'hello' }], attachments: [], quote: '' };

describe('threads', () => {
  it('are listed page by page, after the last row that is there', async () => {
    const server = new FakeServer(
      json({ data: [thread('a'), thread('b')], has_more: true, after: 'of no use' }),
      json({ data: [thread('b'), thread('c')], has_more: false }),
    );
    const { chat } = start(server);
    await chat.loadThreads();
    expect(chat.moreThreads.value).toBe(true);
    await chat.loadMoreThreads();
    expect(ids(chat)).toEqual(['a', 'b', 'c']);
    expect(chat.moreThreads.value).toBe(false);
    expect(params(server)).toEqual([
      { limit: 9999, order: 'desc' },
      { limit: 9999, order: 'desc', after: 'b' },
    ]);
  });

  it('are renamed, and keep their name when the server refuses', async () => {
    const server = new FakeServer(json({ data: [thread('a', 'A')] }), json({}), json({ message: 'No.' }, 400));
    const { chat } = start(server);
    await chat.loadThreads();
    await chat.rename('a', 'B');
    await chat.rename('a', 'C');
    expect(chat.threads.value?.[0]?.title).toBe('B');
    expect(chat.listError.value).toBe('No.');
    expect(params(server)[1]).toEqual({ thread_id: 'a', title: 'B' });
  });

  it('are deleted; the one that is shown makes place for a new one', async () => {
    const server = new FakeServer(json({ data: [thread('a')] }), json({ ...thread('a'), items: { data: [] } }), json({}));
    const { chat } = start(server);
    await chat.loadThreads();
    await chat.open('a');
    await chat.delete('a');
    expect(ids(chat)).toEqual([]);
    expect(chat.current.value.id).toBeNull();
  });

  it('that are new are listed, and go on while another one is shown', async () => {
    const stream = openStream({ type: 'thread.created', thread: thread('n', 'New') });
    const server = new FakeServer(json({ data: [thread('a')] }), stream.answer, json({ ...thread('a'), items: { data: [] } }));
    const { chat } = start(server);
    await chat.loadThreads();
    const first = chat.current.value;
    const sending = chat.send(hello);
    await new Promise<void>((resolve) => {
      const stop = chat.threads.subscribe((list) => {
        if (list?.length === 2) queueMicrotask(() => (stop(), resolve()));
      });
    });
    expect(ids(chat)).toEqual(['n', 'a']);
    await chat.open('a');
    expect(first.running.value).toBe(true);
    await chat.open('n');
    expect(chat.current.value).toBe(first);
    expect(server.sent).toHaveLength(3);
    first.stop();
    await sending;
  });
});

describe('a tool', () => {
  it('is chosen for one message, unless it is persistent', async () => {
    const tools = [{ id: 'once', label: 'Once' }, { id: 'stays', label: 'Stays', persistent: true }];
    const models = [{ id: 'm1', label: 'One' }, { id: 'm2', label: 'Two', default: true }];
    const server = new FakeServer(events(), events());
    const { chat } = start(server, { composer: { tools, models } });
    chat.tool.value = 'once';
    await chat.send(hello);
    expect(chat.tool.value).toBeUndefined();
    chat.tool.value = 'stays';
    await chat.send(hello);
    expect(chat.tool.value).toBe('stays');
    expect(params(server)).toMatchObject([
      { input: { inference_options: { model: 'm2', tool_choice: { id: 'once' } } } },
      { input: { inference_options: { model: 'm2', tool_choice: { id: 'stays' } } } },
    ]);
  });
});

describe('files', () => {
  const file = new File(['0123456789'], 'up.txt', { type: 'text/plain' });
  const settled = (uploads: Uploads) =>
    new Promise<void>((resolve) => {
      const stop = uploads.list.subscribe((list) => {
        if (list.every((it) => it.state !== 'uploading')) queueMicrotask(() => (stop(), resolve()));
      });
    });
  const attachment = { type: 'file', id: 'atc_1', name: 'up.txt', mime_type: 'text/plain' };
  const descriptor = { url: 'http://127.0.0.1/upload/atc_1', method: 'PUT' };

  it('are created, then uploaded; a removed one is deleted', async () => {
    const server = new FakeServer(
      json({ ...attachment, upload_descriptor: descriptor }),
      new Response(null, { status: 204 }),
      json({}),
    );
    const { chat } = start(server);
    chat.uploads.add([file]);
    expect(chat.uploads.ready).toBe(false);
    await settled(chat.uploads);
    expect(chat.uploads.ready).toBe(true);
    expect(server.sent[0]?.body).toEqual({
      type: 'attachments.create',
      params: { name: 'up.txt', size: 10, mime_type: 'text/plain' },
    });
    expect([server.sent[1]?.method, server.sent[1]?.url]).toEqual(['PUT', descriptor.url]);
    const [upload] = chat.uploads.list.value;
    chat.uploads.remove(upload?.key ?? -1);
    expect(chat.uploads.list.value).toEqual([]);
    expect(server.sent[2]?.body).toEqual({ type: 'attachments.delete', params: { attachment_id: 'atc_1' } });
  });

  it('go to the address of the application, when it has one', async () => {
    const server = new FakeServer(json(attachment));
    const { chat } = start(server, { api: { uploadStrategy: { type: 'direct', uploadUrl: '/direct' } } });
    chat.uploads.add([file]);
    await settled(chat.uploads);
    expect(server.sent[0]?.url).toBe('/direct');
    expect(chat.uploads.take()).toEqual([attachment]);
    expect(chat.uploads.list.value).toEqual([]);
  });

  it('that fail say why, and keep the message back', async () => {
    const { chat } = start(new FakeServer(json({ message: 'No such type.' }, 400)));
    chat.uploads.add([file]);
    await settled(chat.uploads);
    expect(chat.uploads.list.value).toMatchObject([{ state: 'failed', message: 'No such type.' }]);
    expect(chat.uploads.ready).toBe(false);
  });

  it('that are too large or too many are not taken', () => {
    const attachments = { enabled: true, maxSize: 5, maxCount: 10 };
    const { chat } = start(new FakeServer(), { composer: { attachments } });
    expect(chat.uploads.add([file])).toEqual(['up.txt is larger than 5 B.']);
    const none = start(new FakeServer(), { composer: { attachments: { ...attachments, maxCount: 0 } } }).chat;
    expect(none.uploads.add([file])).toHaveLength(1);
  });
});
