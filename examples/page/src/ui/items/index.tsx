import type { Signal } from '@preact/signals';
import { memo } from 'preact/compat';

import type { Item } from '../../protocol/types';
import type { Conversation } from '../../state/conversation';
import { AssistantMessageView } from './assistant';
import { GeneratedImageView } from './image';
import { StructuredInputView } from './structured';
import { ClientToolView } from './tool';
import { WidgetItemView } from './widget';
import { TaskView, WorkflowView } from './workflow';

/** An item of an answer. Only it is rendered again when it changes. */
export const ItemView = memo(function ItemView({ item: source, conversation }: { item: Signal<Item>; conversation: Conversation }) {
  const item = source.value;
  const growing = conversation.growing.value === item.id;
  switch (item.type) {
    case 'assistant_message':
      return <AssistantMessageView item={item} growing={growing} conversation={conversation} />;
    case 'widget':
      return <WidgetItemView item={item} conversation={conversation} />;
    case 'workflow':
      return <WorkflowView item={item} growing={growing} />;
    case 'task':
      return <TaskView task={item.task} growing={false} alone />;
    case 'generated_image':
      return <GeneratedImageView item={item} growing={growing} />;
    case 'structured_input':
      return <StructuredInputView item={item} conversation={conversation} />;
    case 'client_tool_call':
      return <ClientToolView item={item} conversation={conversation} />;
    case 'end_of_turn':
    case 'user_message':
      return null;
    default:
      return <UnknownItem item={item} />;
  }
});

/** What a newer server may send. */
function UnknownItem({ item }: { item: unknown }) {
  const type = (item as { type?: unknown }).type;
  if (typeof type !== 'string') return null;
  return (
    <details class="note">
      <summary>
        An item of the type <code>{type}</code>, which this page does not know
      </summary>
      <pre>{JSON.stringify(item, null, 2)}</pre>
    </details>
  );
}
