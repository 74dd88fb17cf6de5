import { describe, expect, it } from 'vitest';

import { applyUpdate } from '../src/protocol/apply';
import type { Annotation, AssistantMessage, Item, Update, WidgetItem, WorkflowItem } from '../src/protocol/types';
import type { WidgetRoot } from '../src/widgets/types';

const base = { id: 'i', thread_id: 't', created_at: '2026-01-01T00:00:00Z' };
const message: AssistantMessage = { ...base, type: 'assistant_message', content: [] };

function after(item: Item, ...updates: Update[]): Item {
  return updates.reduce(applyUpdate, item);
}

describe('messages', () => {
  const annotation: Annotation = { type: 'annotation', index: 1, source: { type: 'file', title: 'a', filename: 'a' } };
  it('grow part by part', () => {
    const grown = after(
      message,
      {
        type: 'assistant_message.content_part.added',
        content_index: 0,
        content: { type: 'output_text', text: '', annotations: [] },
      },
      { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: 'He' },
      { type: 'assistant_message.content_part.text_delta', content_index: 0, delta: 'llo' },
      {
        type: 'assistant_message.content_part.annotation_added',
        content_index: 0,
        annotation_index: 0,
        annotation,
      },
    );
    expect(grown).toMatchObject({ content: [{ text: 'Hello', annotations: [annotation] }] });
    expect(message.content).toEqual([]);
  });

  it('take a delta for a part that was never added', () => {
    const grown = after(message, { type: 'assistant_message.content_part.text_delta', content_index: 3, delta: 'x' });
    expect(grown).toMatchObject({ content: [{ text: 'x', annotations: [] }] });
  });
});

describe('widgets', () => {
  const text = { type: 'Text', id: 'st', value: 'a', streaming: true };
  const other = { type: 'Row', children: [{ type: 'Text', value: 'b' }] };
  const card = { type: 'Card', children: [other, { type: 'Transition', children: text }] } as unknown as WidgetRoot;
  const item: WidgetItem = { ...base, type: 'widget', widget: card };

  it('grow in place, and what is beside it stays the same', () => {
    const grown = after(item, {
      type: 'widget.streaming_text.value_delta',
      component_id: 'st',
      delta: 'bc',
      done: true,
    }) as WidgetItem;
    const [first, second] = (grown.widget as unknown as { children: [unknown, { children: unknown }] }).children;
    expect(second.children).toEqual({ ...text, value: 'abc', streaming: false });
    expect(first).toBe(other);
  });

  it('have components and roots replaced', () => {
    const badge = { type: 'Badge', id: 'st', label: 'x' };
    expect(after(item, { type: 'widget.component.updated', component_id: 'st', component: badge })).toMatchObject({
      widget: { children: [other, { children: badge }] },
    });
    expect(after(item, { type: 'widget.component.updated', component_id: 'none', component: badge })).toMatchObject({
      widget: card,
    });
    const basic = { type: 'Basic', children: [] } as WidgetRoot;
    expect(after(item, { type: 'widget.root.updated', widget: basic })).toMatchObject({ widget: basic });
  });
});

describe('workflows and images', () => {
  it('have tasks added and updated', () => {
    const item: WorkflowItem = { ...base, type: 'workflow', workflow: { type: 'custom', tasks: [] } };
    const grown = after(
      item,
      { type: 'workflow.task.added', task_index: 0, task: { type: 'custom', title: 'a' } },
      { type: 'workflow.task.added', task_index: 1, task: { type: 'thought', content: 'b' } },
      { type: 'workflow.task.updated', task_index: 0, task: { type: 'custom', title: 'A' } },
    ) as WorkflowItem;
    expect(grown.workflow.tasks).toEqual([
      { type: 'custom', title: 'A' },
      { type: 'thought', content: 'b' },
    ]);
  });

  it('have pictures', () => {
    const image = { id: '1', url: 'data:,' };
    expect(after({ ...base, type: 'generated_image' }, { type: 'generated_image.updated', image, progress: 0.5 })).toMatchObject({
      image,
      progress: 0.5,
    });
  });

  it('ignore what is not theirs, and what nobody knows', () => {
    const strange = { type: 'something.new' } as unknown as Update;
    expect(applyUpdate(message, strange)).toBe(message);
    expect(applyUpdate(message, { type: 'workflow.task.added', task_index: 0, task: { type: 'image' } })).toBe(message);
  });
});
