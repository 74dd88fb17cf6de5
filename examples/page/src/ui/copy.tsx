import { useEffect, useState } from 'preact/hooks';

import { Icon } from './icon';

/** Copies text, and says that it has. */
export function CopyButton({
  text,
  label,
  children,
}: {
  text: () => string;
  label: string;
  children?: string;
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return undefined;
    const timer = setTimeout(() => setState('idle'), 1_600);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy() {
    setState((await copyText(text())) ? 'copied' : 'failed');
  }
  const said = state === 'copied' ? 'Copied' : state === 'failed' ? 'Could not copy' : label;
  return (
    <button type="button" class={children ? 'button small' : 'icon-button'} title={said} aria-label={children ? undefined : said} onClick={copy}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      {children && <span>{state === 'copied' ? 'Copied' : children}</span>}
    </button>
  );
}

/** Puts text on the clipboard, also where the page has no secure context. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'visually-hidden';
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return copied;
  }
}
