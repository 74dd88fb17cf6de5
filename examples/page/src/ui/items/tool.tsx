import { useId, useState } from 'preact/hooks';

import type { ClientToolCall } from '../../protocol/types';
import type { Conversation } from '../../state/conversation';
import { useChat } from '../context';
import { Icon } from '../icon';

/**
 * A tool that the page runs for the assistant. Those the page knows are answered without the user; for any other, the user
 * gives the result. A call that was pending when the page was loaded is never run: the next message settles it.
 */
export function ClientToolView({ item, conversation }: { item: ClientToolCall; conversation: Conversation }) {
  const chat = useChat();
  const known = Object.hasOwn(chat.config.clientTools, item.name);
  const last = conversation.lastId.value === item.id;
  const waits = item.status === 'pending' && last && !known;
  return (
    <div class="note tool" data-item={item.id} data-note="tool">
      <Icon name="settings-slider" />
      <p>
        Client tool <code>{item.name}</code>
      </p>
      <pre aria-label="Arguments">{JSON.stringify(item.arguments)}</pre>
      {item.status === 'completed' && item.output !== undefined && (
        <pre class="tool-output" aria-label="Result">
          {JSON.stringify(item.output)}
        </pre>
      )}
      {waits && <Answer item={item} conversation={conversation} />}
    </div>
  );
}

function Answer({ item, conversation }: { item: ClientToolCall; conversation: Conversation }) {
  const id = useId();
  const [text, setText] = useState('{}');
  const [wrong, setWrong] = useState('');
  return (
    <form
      class="tool-answer"
      onSubmit={(event) => {
        event.preventDefault();
        try {
          void conversation.answerTool(item, JSON.parse(text));
        } catch {
          setWrong('This is not JSON.');
        }
      }}
    >
      <label for={id}>The result, as JSON</label>
      <textarea
        id={id}
        rows={2}
        spellcheck={false}
        value={text}
        aria-invalid={wrong !== ''}
        aria-describedby={`${id}-wrong`}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setWrong('');
        }}
      />
      <div class="form-actions">
        <span id={`${id}-wrong`} class="wrong" role="alert">
          {wrong}
        </span>
        <button type="submit" class="button primary small" disabled={conversation.running.value}>
          Send the result
        </button>
      </div>
    </form>
  );
}
