import type { Prompt } from '../config';
import type { Conversation } from '../state/conversation';
import { useChat } from './context';
import { hasIcon, Icon } from './icon';

/** What is there before the first message. */
export function StartScreen({ conversation }: { conversation: Conversation }) {
  const chat = useChat();
  const { greeting, prompts } = chat.config.startScreen;

  function start({ prompt }: Prompt) {
    const content = typeof prompt === 'string' ? [{ type: 'input_text' as const, text: prompt }] : prompt;
    if (!conversation.running.value) void chat.send({ content, attachments: [], quote: '' });
  }
  return (
    <div class="start">
      <h2>{greeting}</h2>
      {prompts.length > 0 && (
        <ul class="prompts" aria-label="Suggestions">
          {prompts.map((prompt) => (
            <li key={prompt.label}>
              <button type="button" onClick={() => start(prompt)}>
                <Icon name={hasIcon(prompt.icon) ? prompt.icon : 'sparkle'} />
                <span>{prompt.label}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
