// What an update makes of an item. Items are never changed: parts that are the same stay the same objects, so that only
// what has changed is rendered again.

import type { WidgetRoot } from '../widgets/types';
import type { AssistantContent, AssistantMessage, Item, Task, Update, WorkflowItem } from './types';

/** The item after an update; the same item if the update is for another kind, or of an unknown type. */
export function applyUpdate(item: Item, update: Update): Item {
  switch (item.type) {
    case 'assistant_message':
      return applyToMessage(item, update);
    case 'widget':
      return applyToWidget(item, update);
    case 'workflow':
      return applyToWorkflow(item, update);
    case 'generated_image':
      if (update.type !== 'generated_image.updated') return item;
      return { ...item, image: update.image, progress: update.progress ?? null };
    default:
      return item;
  }
}

function applyToMessage(item: AssistantMessage, update: Update): AssistantMessage {
  switch (update.type) {
    case 'assistant_message.content_part.added':
    case 'assistant_message.content_part.done':
      return withPart(item, update.content_index, () => ({
        ...update.content,
        annotations: update.content.annotations ?? [],
      }));
    case 'assistant_message.content_part.text_delta':
      return withPart(item, update.content_index, (part) => ({ ...part, text: part.text + update.delta }));
    case 'assistant_message.content_part.annotation_added':
      return withPart(item, update.content_index, (part) => {
        const annotations = [...part.annotations];
        annotations[Math.min(update.annotation_index, annotations.length)] = update.annotation;
        return { ...part, annotations };
      });
    default:
      return item;
  }
}

function withPart(
  item: AssistantMessage,
  index: number,
  change: (part: AssistantContent) => AssistantContent,
): AssistantMessage {
  const content = [...item.content];
  // A part that was never added: the stream began without it.
  const at = Math.min(index, content.length);
  content[at] = change(content[at] ?? { type: 'output_text', text: '', annotations: [] });
  return { ...item, content };
}

function applyToWidget(item: Item & { type: 'widget' }, update: Update): Item {
  switch (update.type) {
    case 'widget.root.updated':
      return { ...item, widget: update.widget };
    case 'widget.component.updated':
      return { ...item, widget: replace(item.widget, update.component_id, () => update.component) as WidgetRoot };
    case 'widget.streaming_text.value_delta': {
      const grow = (found: Record<string, unknown>) => ({
        ...found,
        value: `${typeof found['value'] === 'string' ? found['value'] : ''}${update.delta}`,
        streaming: !update.done,
      });
      return { ...item, widget: replace(item.widget, update.component_id, grow) as WidgetRoot };
    }
    default:
      return item;
  }
}

/** A tree of JSON with the object of an id changed, wherever it is; everything beside its path is the same. */
function replace(node: unknown, id: string, change: (found: Record<string, unknown>) => unknown): unknown {
  if (Array.isArray(node)) {
    let changed = false;
    const copy = node.map((child: unknown) => {
      const next = replace(child, id, change);
      changed ||= next !== child;
      return next;
    });
    return changed ? copy : node;
  }
  if (typeof node !== 'object' || node === null) return node;
  const object = node as Record<string, unknown>;
  if (object['id'] === id && typeof object['type'] === 'string') return change(object);
  if (!('children' in object)) return node;
  const children = replace(object['children'], id, change);
  return children === object['children'] ? node : { ...object, children };
}

function applyToWorkflow(item: WorkflowItem, update: Update): WorkflowItem {
  if (update.type !== 'workflow.task.added' && update.type !== 'workflow.task.updated') return item;
  const tasks: Task[] = [...item.workflow.tasks];
  if (update.type === 'workflow.task.added') tasks.splice(update.task_index, 0, update.task);
  else tasks[Math.min(update.task_index, tasks.length)] = update.task;
  return { ...item, workflow: { ...item.workflow, tasks } };
}
