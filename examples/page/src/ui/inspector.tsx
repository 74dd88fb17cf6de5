// What goes over the wire, beside the chat.

import { useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';

import type { StreamEvent } from '../protocol/types';
import { asCurl, type Inspector, type Recorded, type TimedEvent } from '../state/inspector';
import { CopyButton } from './copy';
import { Icon } from './icon';

export function InspectorPanel({ inspector, onClose }: { inspector: Inspector; onClose(): void }) {
  const opened = useSignal<number | null>(null);
  const requests = inspector.requests.value;
  return (
    <aside id="inspector" class="inspector" aria-label="Inspector">
      <header>
        <h2>Inspector</h2>
        <button type="button" class="button small" disabled={requests.length === 0} onClick={() => inspector.clear()}>
          Clear
        </button>
        <button type="button" class="icon-button" data-close aria-label="Close the inspector" title="Close" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      <div class="inspector-list">
        {requests.length === 0 && <p class="inspector-empty">Requests and their events appear here as they happen.</p>}
        <ol>
          {requests.map((record) => (
            <li key={record.id}>
              <Row
                record={record}
                open={opened.value === record.id}
                onToggle={() => (opened.value = opened.value === record.id ? null : record.id)}
              />
            </li>
          ))}
        </ol>
      </div>
    </aside>
  );
}

interface RowProps {
  record: Recorded;
  open: boolean;
  onToggle(): void;
}

function Row({ record, open, onToggle }: RowProps) {
  // Read so that it is rendered again when the record changes.
  void record.change.value;
  const { request, how, status, events } = record;
  return (
    <div class="exchange" data-how={how}>
      <button type="button" class="exchange-head" aria-expanded={open} onClick={onToggle}>
        <span class="exchange-mark" aria-label={how} role="img" />
        <span class="exchange-label">{request.label}</span>
        {request.streaming && events.length > 0 && <span class="exchange-count">{events.length} events</span>}
        {status !== undefined && <span class="exchange-status" data-bad={status >= 400 || undefined}>{status}</span>}
        <span class="exchange-time">{record.endedAfter === undefined ? '…' : formatMs(record.endedAfter)}</span>
      </button>
      {open && <Details record={record} />}
    </div>
  );
}

function Details({ record }: { record: Recorded }) {
  const { request, retries, events, message, body } = record;
  return (
    <div class="exchange-body">
      <p class="exchange-facts">
        {request.method} {request.url}
        <br />
        at {record.sentAt.toLocaleTimeString()}
        {record.answeredAfter !== undefined && <>, head after {formatMs(record.answeredAfter)}</>}
        {events[0] && <>, first event after {formatMs(events[0].at)}</>}
      </p>
      {retries.map(({ attempt, waitMs }) => (
        <p key={attempt} class="exchange-retry">
          Sent again ({attempt}) after {formatMs(waitMs)}
        </p>
      ))}
      {message && <p class="exchange-message">{message}</p>}
      <div class="exchange-tools">
        <CopyButton text={() => asCurl(request)} label="Copy as curl">
          Copy as curl
        </CopyButton>
        <CopyButton text={() => JSON.stringify(events.map((it) => it.event), null, 2)} label="Copy the events">
          Copy events
        </CopyButton>
      </div>
      <Section title="Headers" open={false}>
        <pre tabIndex={0}>{Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\n`)}</pre>
      </Section>
      <Section title="Request" open>
        <pre tabIndex={0}>{pretty(request.body)}</pre>
      </Section>
      {body !== undefined && (
        <Section title="Answer" open>
          <pre tabIndex={0}>{pretty(body) || 'empty'}</pre>
        </Section>
      )}
      {request.streaming && (
        <Section title="Events" open>
          <ol class="events">
            {runs(events).map((run) => (
              <li key={run.start}>
                <EventRun run={run} />
              </li>
            ))}
          </ol>
        </Section>
      )}
    </div>
  );
}

function Section({ title, open, children }: { title: string; open: boolean; children: preact.ComponentChildren }) {
  return (
    <details open={open} class="exchange-section">
      <summary>{title}</summary>
      {children}
    </details>
  );
}

/** Events of one kind in a row: many deltas are one line. */
interface Run {
  start: number;
  name: string;
  events: TimedEvent[];
}

function runs(events: TimedEvent[]): Run[] {
  const found: Run[] = [];
  events.forEach((timed, start) => {
    const name = nameOf(timed.event);
    const last = found.at(-1);
    if (last?.name === name && name.endsWith('delta')) last.events.push(timed);
    else found.push({ start, name, events: [timed] });
  });
  return found;
}

function nameOf(event: StreamEvent): string {
  return event.type === 'thread.item.updated' ? event.update.type : event.type;
}

/** The most important word of an event. */
function hintOf(event: StreamEvent): string {
  switch (event.type) {
    case 'thread.item.added':
    case 'thread.item.done':
    case 'thread.item.replaced':
      return event.item.type;
    case 'thread.item.updated':
      return 'delta' in event.update ? JSON.stringify(event.update.delta) : event.item_id;
    case 'thread.created':
    case 'thread.updated':
      return event.thread.title || event.thread.id;
    case 'progress_update':
      return event.text;
    case 'client_effect':
      return event.name;
    case 'error':
    case 'notice':
      return event.message ?? '';
    default:
      return '';
  }
}

function EventRun({ run }: { run: Run }) {
  const [open, setOpen] = useState(false);
  const first = run.events[0];
  if (!first) return null;
  const many = run.events.length > 1;
  return (
    <>
      <button type="button" class="event" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="event-time">{formatMs(first.at)}</span>
        <span class="event-name">{run.name.replace('assistant_message.content_part.', '')}</span>
        {many && <span class="event-count">×{run.events.length}</span>}
        <span class="event-hint">{many ? '' : hintOf(first.event)}</span>
      </button>
      {open &&
        run.events.map((timed, n) => (
          <pre key={n} tabIndex={0}>
            {many && `+${formatMs(timed.at)}\n`}
            {JSON.stringify(timed.event, null, 2)}
          </pre>
        ))}
    </>
  );
}

/** JSON with line breaks; other text as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
