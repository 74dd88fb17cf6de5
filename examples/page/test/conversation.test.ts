// A conversation, against a server that answers with what it is told to.

import { describe, expect, it } from 'vitest';

import { Client } from '../src/protocol/client';
import type { Item, StreamEvent, Thread } from '../src/protocol/types';
import { Conversation, type Draft } from '../src/state/conversation';
import { config, events, FakeServer, json, openStream } from './support';

const at = '2026-01-01T00:00:00Z';
const thread: Thread = { id: 'thr_1', created_at: at, status: { type: 'active' } };
const user: Item = {
  type: 'user_message',
  id: 'msg_1',
  thread_id: 'thr_1',
  created_at: at,
  content: [{ type: 'input_text', text: 'hello' }],
  inference_options: {},
};
const answer: Item = {
  type: 'assistant_message',
  id: 'msg_2',
  thread_id: 'thr_1',
  created_at: at,
  content: [{ type: 'output_text', text: 'Hi.', annotations: [] }],
};
const call: Item = {
  type: 'client_tool_call',
  id: 'tc_1',
  thread_id: 'thr_1',
  created_at: at,
  status: 'pending',
  call_id: 'call_1',
  name: 'get_sel',
  arguments: { q: 1 },
};
const CREATED: StreamEvent[] = [
  { type: 'thread.created', thread },
  { type: 'thread.item.done', item: user },
];
const done = (item: Item): StreamEvent => ({ type: 'thread.item.done', item });

function draft(text: string): Draft {
  return { content: [{ type: 'input_text', text }], attachments: [], quote: '' };
}

function start(server: FakeServer, given: Parameters<typeof config>[0] = {}, id: string | null = null) {
  const returned: Draft[] = [];
  const threads: Thread[] = [];
  const lost: boolean[] = [];
  const client = new Client({ url: '/chatkit', fetch: server.fetch, sleep: async () => {} });
  const conversation = new Conversation(
    client,
    config(given),
    { threadChanged: (_, it) => threads.push(it), returned: (it) => returned.push(it), lost: () => lost.push(true) },
    id,
  );
  return { conversation, returned, threads, lost };
}

const ids = (conversation: Conversation) => conversation.items.value.map((item) => item.id);
const bodies = (server: FakeServer) => server.sent.map((sent) => sent.body as { type: string; params: Record<string, unknown> });

/** Resolves when a condition on signals holds. */
function when(conversation: Conversation, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const look = () => {
      if (!holds()) return;
      queueMicrotask(() => {
        for (const stop of stops) stop();
        resolve();
      });
    };
    stops.push(conversation.running.subscribe(look), conversation.entries.subscribe(look));
  });
}

describe('a message', () => {
  it('is shown at once, and becomes the one that the server has stored', async () => {
    const server = new FakeServer(events(...CREATED, done(answer)), events(done({ ...user, id: 'msg_3' })));
    const { conversation, threads } = start(server);
    const sending = conversation.send({ ...draft('hello'), model: 'm1', tool: 'search', quote: 'said' });
    const [shown] = conversation.entries.value;
    expect(conversation.items.value).toMatchObject([{ type: 'user_message', content: [{ text: 'hello' }] }]);
    await sending;
    expect(ids(conversation)).toEqual(['msg_1', 'msg_2']);
    expect(conversation.entries.value[0]).toBe(shown);
    expect(threads).toEqual([thread]);
    await conversation.send(draft('more'));

    const [create, add] = bodies(server);
    expect(create).toEqual({
      type: 'threads.create',
      params: {
        input: {
          content: [{ type: 'input_text', text: 'hello' }],
          quoted_text: 'said',
          attachments: [],
          inference_options: { model: 'm1', tool_choice: { id: 'search' } },
        },
      },
    });
    expect(add?.type).toBe('threads.add_user_message');
    expect(add?.params['thread_id']).toBe('thr_1');
  });

  it('comes back to the user when the server does not take it', async () => {
    const server = new FakeServer(json({ message: 'Sign in first.' }, 401));
    const { conversation, returned } = start(server);
    await conversation.send(draft('hello'));
    expect(conversation.items.value).toEqual([]);
    expect(returned).toEqual([draft('hello')]);
    expect(conversation.error.value).toEqual({ message: 'Sign in first.', retry: false });
  });
});

describe('a connection that breaks before the message is confirmed', () => {
  const cut = () => {
    const stream = openStream();
    return (...given: Parameters<typeof stream.answer>) => {
      const response = stream.answer(...given);
      stream.lose();
      return response;
    };
  };
  const content = { data: [user], has_more: false };

  it('asks the server whether it is stored', async () => {
    const server = new FakeServer(json({ ...thread, items: { data: [], has_more: false } }), cut(), json({ ...thread, items: content }));
    const { conversation, returned } = start(server, {}, 'thr_1');
    await conversation.load();
    await conversation.send(draft('hello'));
    expect(ids(conversation)).toEqual(['msg_1']);
    expect(returned).toEqual([]);
    expect(conversation.error.value).toEqual({ message: 'The connection was lost.', retry: true });
  });

  it('gives it back when it is not', async () => {
    const server = new FakeServer(json({ ...thread, items: content }), cut(), json({ ...thread, items: content }));
    const { conversation, returned } = start(server, {}, 'thr_1');
    await conversation.load();
    await conversation.send(draft('other'));
    expect(ids(conversation)).toEqual(['msg_1']);
    expect(returned).toEqual([draft('other')]);
  });

  it('looks for the thread when it is new', async () => {
    const { conversation, returned, lost } = start(new FakeServer(cut()));
    await conversation.send(draft('hello'));
    expect([returned.length, lost.length]).toEqual([1, 1]);
    expect(conversation.items.value).toEqual([]);
  });
});

describe('a turn', () => {
  it('is stopped, and what was said stays', async () => {
    const stream = openStream(...CREATED, { type: 'thread.item.added', item: answer });
    const server = new FakeServer(stream.answer);
    const { conversation } = start(server);
    const sending = conversation.send(draft('hello'));
    await when(conversation, () => conversation.entries.value.length === 2);
    conversation.stop();
    await sending;
    expect(ids(conversation)).toEqual(['msg_1', 'msg_2']);
    expect(conversation.error.value).toBeNull();
    expect(conversation.running.value).toBe(false);
  });

  it('that breaks can be tried again, after the message', async () => {
    const stream = openStream(...CREATED, { type: 'thread.item.added', item: answer });
    const server = new FakeServer(stream.answer, events(done({ ...answer, id: 'msg_4' })));
    const { conversation } = start(server);
    const sending = conversation.send(draft('hello'));
    await when(conversation, () => conversation.entries.value.length === 2);
    stream.lose();
    await sending;
    expect(conversation.error.value).toEqual({ message: 'The connection was lost.', retry: true });

    await conversation.retry();
    expect(bodies(server)[1]).toEqual({
      type: 'threads.retry_after_item',
      params: { thread_id: 'thr_1', item_id: 'msg_1' },
    });
    expect(ids(conversation)).toEqual(['msg_1', 'msg_4']);
    expect(conversation.error.value).toBeNull();
  });

  it('shows progress, effects, notices, errors and what the thread becomes', async () => {
    const locked: Thread = { ...thread, title: 'T', status: { type: 'locked', reason: 'why' } };
    const server = new FakeServer(
      events(
        ...CREATED,
        { type: 'stream_options', stream_options: { allow_cancel: false } },
        { type: 'client_effect', name: 'open', data: { x: 1 } },
        { type: 'notice', level: 'info', message: 'note' },
        { type: 'thread.updated', thread: locked },
        { type: 'error', message: 'no', allow_retry: true },
        { type: 'something.new' } as unknown as StreamEvent,
      ),
    );
    const { conversation } = start(server);
    await conversation.send(draft('hello'));
    expect(conversation.allowCancel.value).toBe(false);
    expect(conversation.entries.value[1]).toMatchObject({ note: { type: 'effect', name: 'open', data: { x: 1 } } });
    expect(conversation.notices.value).toMatchObject([{ notice: { message: 'note' } }]);
    expect(conversation.status.value).toEqual({ type: 'locked', reason: 'why' });
    expect(conversation.error.value).toEqual({ message: 'no', retry: true });
  });

  it('has items removed and replaced', async () => {
    const server = new FakeServer(
      events(
        ...CREATED,
        done(answer),
        { type: 'thread.item.replaced', item: { ...answer, content: [] } },
        done(call),
        { type: 'thread.item.removed', item_id: 'tc_1' },
      ),
    );
    const { conversation } = start(server);
    await conversation.send(draft('hello'));
    expect(ids(conversation)).toEqual(['msg_1', 'msg_2']);
    expect(conversation.items.value[1]).toMatchObject({ content: [] });
  });
});

describe('a client tool', () => {
  it('is answered at once when the page knows it', async () => {
    const server = new FakeServer(events(...CREATED, done(call)), events(done(answer)));
    const { conversation } = start(server, { clientTools: { get_sel: { picked: 42 } } });
    await conversation.send(draft('hello'));
    await when(conversation, () => conversation.entries.value.length === 3 && !conversation.running.value);
    expect(bodies(server)[1]).toEqual({
      type: 'threads.add_client_tool_output',
      params: { thread_id: 'thr_1', result: { picked: 42 } },
    });
    expect(conversation.items.value[1]).toMatchObject({ status: 'completed', output: { picked: 42 } });
  });

  it('is not run when it is found in a thread that is opened', async () => {
    const server = new FakeServer(json({ ...thread, items: { data: [user, call], has_more: false } }));
    const { conversation } = start(server, { clientTools: { get_sel: {} } }, 'thr_1');
    await conversation.load();
    expect(ids(conversation)).toEqual(['msg_1', 'tc_1']);
    expect(server.sent).toHaveLength(1);
  });
});

describe('a thread', () => {
  it('is loaded to its end, after the last row that is there', async () => {
    const server = new FakeServer(
      json({ ...thread, items: { data: [user], has_more: true, after: 'of no use' } }),
      json({ data: [answer], has_more: true, after: 'of no use' }),
      json({ data: [{ ...answer, id: 'msg_5' }], has_more: false }),
    );
    const { conversation } = start(server, {}, 'thr_1');
    await conversation.load();
    expect(ids(conversation)).toEqual(['msg_1', 'msg_2', 'msg_5']);
    expect(bodies(server).map((body) => body.params)).toEqual([
      { thread_id: 'thr_1' },
      { thread_id: 'thr_1', limit: 9999, order: 'asc', after: 'msg_1' },
      { thread_id: 'thr_1', limit: 9999, order: 'asc', after: 'msg_2' },
    ]);
  });
});

describe('actions, questions and feedback', () => {
  const widget: Item = {
    type: 'widget',
    id: 'wid_1',
    thread_id: 'thr_1',
    created_at: at,
    widget: { type: 'Card', children: [] },
  };
  const questions: Item = {
    type: 'structured_input',
    id: 'si_1',
    thread_id: 'thr_1',
    created_at: at,
    status: 'pending',
    inputs: [{ type: 'freeform', id: 'notes', question: 'Notes?' }],
  };
  const opened = () => json({ ...thread, items: { data: [user, widget, questions], has_more: false } });

  it('are sent as the protocol has them', async () => {
    const updated = { ...widget, widget: { type: 'Basic', children: [] } };
    const server = new FakeServer(opened(), json({ updated_item: updated }), events(done(answer)), events(), json({}));
    const { conversation } = start(server, {}, 'thr_1');
    await conversation.load();
    await conversation.actSync('wid_1', { type: 'sync.it', payload: { a: 1 } });
    expect(conversation.items.value[1]).toEqual(updated);
    await conversation.act('wid_1', { type: 'stream.it', payload: { b: 2 } });
    const submission = { status: 'answered' as const, answers: { notes: { values: ['x'], skipped: false } } };
    await conversation.answerQuestions('si_1', submission);
    expect(conversation.items.value[2]).toMatchObject({ status: 'answered', inputs: [{ answer: { values: ['x'] } }] });
    await conversation.judge(['msg_2'], 'positive');
    expect(conversation.feedback.value).toEqual({ msg_2: 'positive' });

    expect(bodies(server).slice(1)).toEqual([
      {
        type: 'threads.sync_custom_action',
        params: { item_id: 'wid_1', action: { type: 'sync.it', payload: { a: 1 } }, thread_id: 'thr_1' },
      },
      {
        type: 'threads.custom_action',
        params: { item_id: 'wid_1', action: { type: 'stream.it', payload: { b: 2 } }, thread_id: 'thr_1' },
      },
      { type: 'threads.add_structured_input', params: { thread_id: 'thr_1', item_id: 'si_1', input: submission } },
      { type: 'items.feedback', params: { thread_id: 'thr_1', item_ids: ['msg_2'], kind: 'positive' } },
    ]);
  });

  it('of the page do not leave it', async () => {
    const server = new FakeServer(opened());
    const { conversation } = start(server, {}, 'thr_1');
    await conversation.load();
    conversation.actHere('wid_1', { type: 'client.it', payload: { c: 3 } });
    expect(conversation.entries.value.at(-1)).toMatchObject({ note: { type: 'client_action', itemId: 'wid_1' } });
    expect(server.sent).toHaveLength(1);
  });
});
