import { useCallback } from 'preact/hooks';

import { Markdown } from '../../markdown';
import type { WidgetItem } from '../../protocol/types';
import type { Conversation } from '../../state/conversation';
import { theme } from '../../state/theme';
import { Widget, type WidgetAction } from '../../widgets';

const markdown = (text: string) => <Markdown text={text} />;

/** A widget: what it looks like is its module's, what its actions do is decided here. */
export function WidgetItemView({ item, conversation }: { item: WidgetItem; conversation: Conversation }) {
  const { id } = item;
  const onAction = useCallback(
    async ({ type, payload, handler, streaming }: WidgetAction) => {
      const action = payload === undefined ? { type } : { type, payload };
      if (handler === 'client') conversation.actHere(id, action);
      else if (streaming === false) await conversation.actSync(id, action);
      else await conversation.act(id, action);
    },
    [conversation, id],
  );
  return (
    <div class="widget" data-item={id}>
      <Widget root={item.widget} itemId={id} onAction={onAction} markdown={markdown} theme={theme.value} />
    </div>
  );
}
