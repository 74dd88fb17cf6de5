import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Icon } from './icon';

/** Appears beside text of an answer that is selected, and quotes it in the next message. */
export function QuoteButton({ onQuote }: { onQuote(text: string): void }) {
  const selected = useSignal<{ text: string; left: number; top: number } | null>(null);

  useEffect(() => {
    const look = () => {
      const selection = getSelection();
      const text = selection?.toString().trim() ?? '';
      const node = selection?.anchorNode;
      const element = node instanceof Element ? node : node?.parentElement;
      if (!selection || text === '' || selection.isCollapsed || !element?.closest('[data-quotable]')) {
        selected.value = null;
        return;
      }
      const box = selection.getRangeAt(0).getBoundingClientRect();
      const left = Math.min(Math.max(box.left + box.width / 2, 48), innerWidth - 48);
      selected.value = { text: text.slice(0, 2_000), left, top: Math.max(box.top, 56) };
    };
    const hide = () => (selected.value = null);
    document.addEventListener('selectionchange', look);
    addEventListener('scroll', hide, true);
    return () => {
      document.removeEventListener('selectionchange', look);
      removeEventListener('scroll', hide, true);
    };
  }, []);

  const it = selected.value;
  if (!it) return null;
  return (
    <button
      type="button"
      class="quote-button"
      style={{ left: `${it.left}px`, top: `${it.top}px` }}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => {
        onQuote(it.text);
        getSelection()?.removeAllRanges();
      }}
    >
      <Icon name="quote" />
      Quote
    </button>
  );
}
