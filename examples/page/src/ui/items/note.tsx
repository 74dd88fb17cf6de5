import type { Conversation, Note } from '../../state/conversation';
import { Icon } from '../icon';

/** What a server has asked the page for, and a page of an application would do: this one shows it. */
export function NoteView({ note, conversation }: { note: Note; conversation: Conversation }) {
  if (note.type === 'effect') {
    return (
      <div class="note" data-note="effect">
        <Icon name="bolt" />
        <p>
          Effect <code>{note.name}</code>
        </p>
        <pre>{JSON.stringify(note.data)}</pre>
      </div>
    );
  }
  const { action, itemId } = note;
  return (
    <div class="note" data-note="action">
      <Icon name="desktop" />
      <p>
        Action for the page <code>{action.type}</code>
      </p>
      {action.payload !== undefined && <pre>{JSON.stringify(action.payload)}</pre>}
      <button type="button" class="button small" onClick={() => void conversation.act(itemId, action)}>
        Send it to the server
      </button>
    </div>
  );
}
