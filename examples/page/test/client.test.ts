// The client speaks as the official one does.

import { describe, expect, it } from 'vitest';

import { Client, type Exchange, type Observer } from '../src/protocol/client';
import { Failure, isAbort } from '../src/protocol/failure';
import type { StreamEvent, StreamingRequest } from '../src/protocol/types';
import { asCurl } from '../src/state/inspector';
import { events, FakeServer, json, openStream } from './support';

const PROGRESS: StreamEvent = { type: 'progress_update', text: 'busy' };
const CREATE: StreamingRequest = {
  type: 'threads.create',
  params: {
    input: { content: [{ type: 'input_text', text: 'hello' }], quoted_text: '', attachments: [], inference_options: {} },
  },
};

function client(server: FakeServer, observer?: Observer) {
  const waits: number[] = [];
  const made = new Client({
    url: '/chatkit',
    fetch: server.fetch,
    sleep: async (ms) => void waits.push(ms),
    ...(observer ? { observer } : {}),
  });
  return { made, waits };
}

async function streamed(made: Client, signal = new AbortController().signal): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  await made.stream(CREATE, (more) => all.push(...more), signal);
  return all;
}

describe('requests', () => {
  it('have the headers and the form of the protocol', async () => {
    const server = new FakeServer(json({ data: [] }), events());
    const { made } = client(server);
    await made.query('threads.list', { limit: 9999, order: 'desc' });
    await streamed(made);
    const [list, create] = server.sent;
    expect(list?.method).toBe('POST');
    expect(list?.body).toEqual({ type: 'threads.list', params: { limit: 9999, order: 'desc' } });
    expect(list?.headers.get('accept')).toBe('*/*');
    expect(create?.body).toEqual(CREATE);
    expect(create?.headers.get('accept')).toBe('text/event-stream');
    for (const sent of server.sent) {
      expect(sent.headers.get('content-type')).toBe('application/json');
      expect(sent.headers.get('accept-language')).not.toContain(',');
      expect(sent.headers.get('chatkit-frame-instance-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
    expect(list?.headers.get('chatkit-frame-instance-id')).toBe(create?.headers.get('chatkit-frame-instance-id'));
  });

  it('take what is no event as nothing', async () => {
    const server = new FakeServer(events(': ping\n\n', 'data: no json\n\n', 'data: {"no":"type"}\n\n', PROGRESS));
    expect(await streamed(client(server).made)).toEqual([PROGRESS]);
  });
});

describe('trying again', () => {
  it('sends the same body after 5xx, and waits longer each time', async () => {
    const server = new FakeServer(json({}, 503), json({}, 502), events(PROGRESS));
    const { made, waits } = client(server);
    expect(await streamed(made)).toEqual([PROGRESS]);
    expect(waits).toEqual([1_000, 2_000]);
    expect(new Set(server.sent.map((sent) => sent.raw)).size).toBe(1);
  });

  it('does so when the answer is no stream', async () => {
    const server = new FakeServer(json({}), events(PROGRESS));
    expect(await streamed(client(server).made)).toEqual([PROGRESS]);
    expect(server.sent).toHaveLength(2);
  });

  it('gives up after five times, with what the server says', async () => {
    const server = new FakeServer(...Array.from({ length: 6 }, () => json({ message: 'Too busy.' }, 503)));
    const { made, waits } = client(server);
    await expect(streamed(made)).rejects.toThrow('Too busy.');
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
  });

  it('does not when the server refuses', async () => {
    const server = new FakeServer(json({ message: 'Not yours.' }, 404));
    const error = await streamed(client(server).made).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ message: 'Not yours.', status: 404 });
  });

  it('does not when the connection is lost in the middle', async () => {
    const stream = openStream(PROGRESS);
    const server = new FakeServer(stream.answer);
    const seen: StreamEvent[] = [];
    const running = client(server).made.stream(
      CREATE,
      (more) => {
        seen.push(...more);
        stream.lose();
      },
      new AbortController().signal,
    );
    await expect(running).rejects.toMatchObject({ midStream: true });
    expect(seen).toEqual([PROGRESS]);
    expect(server.sent).toHaveLength(1);
  });

  it('ends at once when it is stopped', async () => {
    const stopping = new AbortController();
    const server = new FakeServer(openStream(PROGRESS).answer);
    const running = client(server).made.stream(CREATE, () => stopping.abort(), stopping.signal);
    expect(isAbort(await running.catch((it: unknown) => it))).toBe(true);
  });
});

describe('uploads', () => {
  const file = new File(['0123456789'], 'up.txt', { type: 'text/plain' });
  const { signal } = new AbortController();

  it('are a form for POST, which names its own content type', async () => {
    const server = new FakeServer(new Response(null, { status: 204 }));
    await client(server).made.upload(file, { url: '/upload/1', method: 'POST', headers: { 'x-key': 'a' } }, signal);
    const [sent] = server.sent;
    expect((sent?.raw as FormData).get('file')).toBeInstanceOf(File);
    expect(sent?.headers.get('content-type')).toBeNull();
    expect(sent?.headers.get('x-key')).toBe('a');
    expect(sent?.headers.get('chatkit-frame-instance-id')).toBeTruthy();
  });

  it('are the bytes for PUT', async () => {
    const server = new FakeServer(new Response(null, { status: 204 }));
    await client(server).made.upload(file, { url: '/upload/1', method: 'PUT' }, signal);
    const [sent] = server.sent;
    expect([sent?.method, sent?.raw, sent?.headers.get('content-type')]).toEqual(['PUT', file, 'text/plain']);
  });
});

describe('what is shown of a request', () => {
  it('is all of it', async () => {
    const log: string[] = [];
    const exchange: Exchange = {
      answered: (status) => log.push(`answered ${status}`),
      retrying: (attempt, wait) => log.push(`retry ${attempt} ${wait}`),
      event: (event) => log.push(event.type),
      body: (text) => log.push(text),
      ended: (how) => log.push(how),
    };
    const { made } = client(new FakeServer(json({}, 500), events(PROGRESS)), { sent: () => exchange });
    await streamed(made);
    expect(log).toEqual(['answered 500', 'retry 1 1000', 'answered 200', 'progress_update', 'done']);
  });

  it('is a command that a shell takes as it is', () => {
    const command = asCurl(
      {
        method: 'POST',
        url: '/chatkit',
        headers: { accept: 'text/event-stream' },
        label: 'threads.create',
        body: `{"text":"it's $HOME \`x\`"}`,
        streaming: true,
      },
      'http://127.0.0.1:8000/',
    );
    expect(command).toBe(
      `curl -sSN 'http://127.0.0.1:8000/chatkit' \\\n  -H 'accept: text/event-stream' \\\n  --data-raw '{"text":"it'\\''s $HOME \`x\`"}'`,
    );
  });
});
