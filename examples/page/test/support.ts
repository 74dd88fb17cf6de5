// A server that answers with what it is told to.

import type { Config } from '../src/config';
import { complete } from '../src/config';
import type { StreamEvent } from '../src/protocol/types';

export interface Sent {
  url: string;
  method: string;
  headers: Headers;
  body: unknown;
  raw: BodyInit | null | undefined;
}

type Answer = Response | ((sent: Sent, signal: AbortSignal | null | undefined) => Response | Promise<Response>);

export class FakeServer {
  readonly sent: Sent[] = [];
  private readonly answers: Answer[];

  constructor(...answers: Answer[]) {
    this.answers = answers;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const raw = init?.body;
    const sent: Sent = {
      url: String(input),
      method: init?.method ?? 'GET',
      headers: new Headers(init?.headers),
      body: typeof raw === 'string' ? JSON.parse(raw) : undefined,
      raw,
    };
    this.sent.push(sent);
    const answer = this.answers.shift();
    if (!answer) throw new Error(`nothing was to be asked any more: ${JSON.stringify(sent.body)}`);
    return typeof answer === 'function' ? answer(sent, init?.signal) : answer;
  };
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });
}

export function events(...list: (StreamEvent | string)[]): Response {
  const body = list.map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`)).join('');
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

/** A stream that stays open after some events, until it is aborted or `lose` is called. */
export function openStream(...list: StreamEvent[]) {
  let lose = () => {};
  const answer = (_: Sent, signal: AbortSignal | null | undefined) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const event of list) controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
        lose = () => controller.error(new TypeError('network error'));
        signal?.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  return { answer, lose: () => lose() };
}

export function config(given: Parameters<typeof complete>[0] = {}): Config {
  return complete(given);
}
