// What has gone over the wire, for the panel beside the chat.

import { signal, type Signal } from '@preact/signals';

import type { Exchange, Observer, SentRequest } from '../protocol/client';
import type { StreamEvent } from '../protocol/types';

export interface TimedEvent {
  /** Milliseconds since the request was sent. */
  at: number;
  event: StreamEvent;
}

/** One request and what came of it. `change` counts up when any of it changes. */
export interface Recorded {
  id: number;
  request: SentRequest;
  /** The time of day. */
  sentAt: Date;
  status?: number;
  /** Milliseconds until the head of the answer. */
  answeredAfter?: number;
  retries: { attempt: number; waitMs: number }[];
  events: TimedEvent[];
  body?: string;
  /** Milliseconds until the end. */
  endedAfter?: number;
  how: 'running' | 'done' | 'stopped' | 'failed';
  message?: string;
  change: Signal<number>;
}

/** How many requests, and events of one request, are kept. */
const REQUESTS = 200;
const EVENTS = 5_000;

export class Inspector implements Observer {
  readonly requests = signal<Recorded[]>([]);
  private count = 0;
  private readonly changed = new Set<Recorded>();

  sent(request: SentRequest): Exchange {
    const start = performance.now();
    const since = () => performance.now() - start;
    this.count += 1;
    const record: Recorded = {
      id: this.count,
      request,
      sentAt: new Date(),
      retries: [],
      events: [],
      how: 'running',
      change: signal(0),
    };
    this.requests.value = [record, ...this.requests.value].slice(0, REQUESTS);
    return {
      answered: (status) => {
        if (status !== undefined) record.status = status;
        record.answeredAfter = since();
        this.touch(record);
      },
      retrying: (attempt, waitMs) => {
        record.retries.push({ attempt, waitMs });
        this.touch(record);
      },
      event: (event) => {
        if (record.events.length < EVENTS) record.events.push({ at: since(), event });
        this.touch(record);
      },
      body: (text) => {
        record.body = text;
        this.touch(record);
      },
      ended: (how, message) => {
        record.how = how;
        record.endedAfter = since();
        if (message) record.message = message;
        this.touch(record);
      },
    };
  }

  clear(): void {
    this.requests.value = this.requests.value.filter((record) => record.how === 'running');
  }

  /** Renders a record again with the next frame, however often it changes until then. */
  private touch(record: Recorded): void {
    if (this.changed.size === 0) {
      requestAnimationFrame(() => {
        const records = [...this.changed];
        this.changed.clear();
        for (const it of records) it.change.value += 1;
      });
    }
    this.changed.add(record);
  }
}

/** The request as a command for a POSIX shell. An upload names its file instead of its bytes. */
export function asCurl(request: SentRequest, base: string = document.baseURI): string {
  const parts = [`curl -sS${request.streaming ? 'N' : ''} ${quote(new URL(request.url, base).href)}`];
  if (request.method !== 'POST') parts.push(`-X ${request.method}`);
  for (const [name, value] of Object.entries(request.headers)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  const upload = /^upload (.*)$/s.exec(request.label)?.[1];
  if (upload === undefined) parts.push(`--data-raw ${quote(request.body)}`);
  else if (request.method === 'POST') parts.push(`-F ${quote(`file=@${upload}`)}`);
  else parts.push(`--data-binary ${quote(`@${upload}`)}`);
  return parts.join(' \\\n  ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
