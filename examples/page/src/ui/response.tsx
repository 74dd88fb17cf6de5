import type { Item } from '../protocol/types';
import type { Conversation } from '../state/conversation';
import { useChat } from './context';
import { CopyButton } from './copy';
import { Icon } from './icon';

interface ResponseActionsProps {
  items: Item[];
  /** The id of the item that this answers. */
  after: () => string | undefined;
  conversation: Conversation;
}

/** What can be done with an answer that is complete. */
export function ResponseActions({ items, after, conversation }: ResponseActionsProps) {
  const { threadItemActions: can } = useChat().config;
  const answer = items.filter((item) => item.type !== 'end_of_turn');
  const key = answer[0]?.id;
  // What still waits for the user is no answer yet.
  const open = answer.some(
    (item) => (item.type === 'client_tool_call' || item.type === 'structured_input') && item.status === 'pending',
  );
  if (!key || open || conversation.status.value.type === 'closed') return null;
  const text = textOf(answer);
  const judged = conversation.feedback.value[key];
  const judge = (kind: 'positive' | 'negative') => void conversation.judge(answer.map((item) => item.id), kind);
  return (
    <div class="response-actions" role="group" aria-label="This answer">
      {text && <CopyButton text={() => text} label="Copy" />}
      {can.feedback && (
        <>
          <button
            type="button"
            class="icon-button"
            aria-label="Good answer"
            title="Good answer"
            aria-pressed={judged === 'positive'}
            onClick={() => judge('positive')}
          >
            <Icon name="thumb-up" />
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Bad answer"
            title="Bad answer"
            aria-pressed={judged === 'negative'}
            onClick={() => judge('negative')}
          >
            <Icon name="thumb-down" />
          </button>
        </>
      )}
      {can.retry && (
        <button
          type="button"
          class="icon-button"
          aria-label="Answer again"
          title="Answer again"
          disabled={conversation.running.value}
          onClick={() => void conversation.retry(after())}
        >
          <Icon name="reload" />
        </button>
      )}
    </div>
  );
}

/** What an answer says, for the clipboard. */
function textOf(items: Item[]): string {
  return items
    .flatMap((item) => {
      if (item.type === 'assistant_message') return item.content.map((part) => part.text);
      if (item.type === 'widget' && item.copy_text) return [item.copy_text];
      return [];
    })
    .join('\n\n');
}
