import { CopyButton } from '../ui/copy';

/** A block of code, with its language and a button that copies it. */
export function CodeBlock({ text, language }: { text: string; language: string }) {
  const name = language.split(/\s/)[0] ?? '';
  return (
    <figure class="code">
      <figcaption>
        <span>{name || 'text'}</span>
        <CopyButton text={() => text} label="Copy the code" />
      </figcaption>
      <pre tabIndex={0} aria-label={name ? `Code, ${name}` : 'Code'}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
