import type { Signal } from '@preact/signals';

import type { Attachment, Item } from '../../protocol/types';
import { useChat } from '../context';
import { Icon } from '../icon';
import { Picture } from '../picture';

export function UserMessageView({ item: source }: { item: Signal<Item> }) {
  const item = source.value;
  if (item.type !== 'user_message') return null;
  const attachments = item.attachments ?? [];
  const { tools } = useChat().config.composer;
  const toolId = item.inference_options?.tool_choice?.id;
  const tool = tools.find((it) => it.id === toolId);
  return (
    <div class="user-message" data-item={item.id}>
      {item.quoted_text && (
        <p class="quoted">
          <Icon name="quote" />
          <span>{item.quoted_text}</span>
        </p>
      )}
      {attachments.length > 0 && (
        <ul class="attachments" aria-label="Attachments">
          {attachments.map((attachment) => (
            <li key={attachment.id}>
              <SentAttachment attachment={attachment} />
            </li>
          ))}
        </ul>
      )}
      {item.content.length > 0 && (
        <p class="bubble">
          {item.content.map((part, n) =>
            part.type === 'input_tag' ? (
              <span key={n} class="tag" title={part.group ?? undefined}>
                {part.text}
              </span>
            ) : (
              part.text
            ),
          )}
        </p>
      )}
      {toolId && (
        <p class="message-tool">
          <Icon name={tool?.icon ?? 'bolt'} />
          {tool?.label ?? toolId}
        </p>
      )}
    </div>
  );
}

function SentAttachment({ attachment }: { attachment: Attachment }) {
  if (attachment.type === 'image') return <Picture attachment={attachment} />;
  return (
    <span class="file">
      <Icon name="document" />
      <span class="file-name">{attachment.name}</span>
      <small>{attachment.mime_type}</small>
    </span>
  );
}
