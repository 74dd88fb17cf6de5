import { useMemo } from 'preact/hooks';

import { Markdown } from '../../markdown';
import type { AssistantContent, AssistantMessage, Source } from '../../protocol/types';
import type { Conversation } from '../../state/conversation';
import { Citation, SourceRow } from './source';

interface Props {
  item: AssistantMessage;
  growing: boolean;
  conversation: Conversation;
}

export function AssistantMessageView({ item, growing, conversation }: Props) {
  const domains = conversation.thread.value?.allowed_image_domains;
  const sources = useMemo(() => distinct(item.content), [item.content]);
  return (
    <div class="assistant-text" data-item={item.id} data-quotable>
      {item.content.map((part, n) => (
        <Part key={n} part={part} growing={growing} domains={domains} />
      ))}
      {!growing && sources.length > 0 && (
        <details class="sources">
          <summary>{sources.length === 1 ? '1 source' : `${sources.length} sources`}</summary>
          <ol>
            {sources.map((source, n) => (
              <li key={n}>
                <SourceRow source={source} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

function Part({ part, growing, domains }: { part: AssistantContent; growing: boolean; domains: string[] | null | undefined }) {
  const { annotations } = part;
  const marks = useMemo(
    () => annotations.map((it, n) => ({ index: it.index ?? null, node: <Citation key={`mark${n}`} source={it.source} /> })),
    [annotations],
  );
  return <Markdown text={part.text} marks={marks} growing={growing} {...(domains ? { imageDomains: domains } : {})} />;
}

/** The sources of a message, each once. */
function distinct(content: AssistantContent[]): Source[] {
  const found = new Map<string, Source>();
  for (const { source } of content.flatMap((part) => part.annotations)) {
    const name = source.type === 'url' ? source.url : source.type === 'file' ? source.filename : source.id;
    if (!found.has(`${source.type} ${name}`)) found.set(`${source.type} ${name}`, source);
  }
  return [...found.values()];
}
