// Markdown as elements. The parser's tokens become elements directly: no HTML is ever read from content, so there is
// nothing in it that could run. HTML in Markdown is shown as it is written.

import { marked, type Token, type Tokens } from 'marked';
import type { ComponentChildren, VNode } from 'preact';
import { memo } from 'preact/compat';
import { useMemo } from 'preact/hooks';

import { CodeBlock } from './code';
import { heal } from './heal';
import { marksIn, splitMarks, withMarks, withoutMarks } from './marks';
import { imageUrl, linkUrl } from './url';

export interface Mark {
  /** Characters from the start; at the end if there is none. */
  index?: number | null;
  node: VNode;
}

export interface MarkdownProps {
  text: string;
  /** What stands at places in the text. */
  marks?: readonly Mark[];
  /** Besides this server, the hosts that images may come from. */
  imageDomains?: readonly string[];
  /** The text is still growing. */
  growing?: boolean;
}

interface Surroundings {
  marks: readonly Mark[];
  imageDomains: readonly string[];
}

/** Deeper than anyone writes, and shallow enough for the stack. */
const DEEPEST = 40;
const NONE: readonly never[] = [];

/** Markdown, rendered. While it grows, only the blocks that have changed are rendered again. */
export function Markdown({ text, marks = NONE, imageDomains = NONE, growing = false }: MarkdownProps) {
  const tokens = useMemo(() => {
    const whole = withMarks(growing ? heal(text) : text, marks.map((mark) => mark.index));
    return parse(whole);
  }, [text, marks, growing]);
  return (
    <div class="md" data-growing={growing || undefined}>
      {tokens.map((token, n) => (
        <Block key={n} token={token} marks={marks} imageDomains={imageDomains} />
      ))}
    </div>
  );
}

function parse(text: string): Token[] {
  try {
    return marked.lexer(text, { gfm: true, breaks: true });
  } catch {
    // Nested too deeply for the parser.
    return [{ type: 'paragraph', raw: text, text, tokens: [{ type: 'text', raw: text, text }] }];
  }
}

const Block = memo(
  function Block({ token, marks, imageDomains }: Surroundings & { token: Token }) {
    return <>{block(token, { marks, imageDomains }, 0)}</>;
  },
  (before, after) =>
    before.token.raw === after.token.raw &&
    before.token.type === after.token.type &&
    before.imageDomains === after.imageDomains &&
    (before.marks === after.marks || marksIn(after.token.raw).length === 0),
);

function blocks(tokens: Token[] | undefined, around: Surroundings, depth: number): ComponentChildren {
  return tokens?.map((token) => block(token, around, depth));
}

function block(token: Token, around: Surroundings, depth: number): ComponentChildren {
  if (depth > DEEPEST) return withoutMarks(token.raw);
  const inside = (tokens: Token[] | undefined) => inlines(tokens, around, depth + 1);
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading': {
      // The page has the first two levels.
      const Heading = `h${Math.min((token as Tokens.Heading).depth + 2, 6)}` as 'h3';
      return <Heading class={`md-h${(token as Tokens.Heading).depth}`}>{inside(token.tokens)}</Heading>;
    }
    case 'paragraph':
      return <p>{inside(token.tokens)}</p>;
    case 'text':
      return token.tokens ? inside(token.tokens) : words((token as Tokens.Text).text, around);
    case 'code': {
      const code = token as Tokens.Code;
      return (
        <>
          <CodeBlock text={withoutMarks(code.text)} language={withoutMarks(code.lang ?? '')} />
          {marksIn(code.text).map((n) => around.marks[n]?.node)}
        </>
      );
    }
    case 'blockquote':
      return <blockquote>{blocks(token.tokens, around, depth + 1)}</blockquote>;
    case 'hr':
      return <hr />;
    case 'list':
      return list(token as Tokens.List, around, depth + 1);
    case 'table':
      return table(token as Tokens.Table, around, depth + 1);
    default:
      return <p>{words(token.raw.trim(), around)}</p>;
  }
}

function list(token: Tokens.List, around: Surroundings, depth: number): VNode {
  const items = token.items.map((item, n) => (
    <li key={n} class={item.task ? 'md-task' : undefined}>
      {item.task && <input type="checkbox" checked={item.checked === true} disabled aria-label={item.checked ? 'done' : 'to do'} />}
      {blocks(item.tokens.filter((it) => it.type !== 'checkbox'), around, depth)}
    </li>
  ));
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol start={typeof token.start === 'number' ? token.start : 1}>{items}</ol>;
}

function table(token: Tokens.Table, around: Surroundings, depth: number): VNode {
  const cell = (it: Tokens.TableCell, n: number) => {
    const props = { key: n, class: it.align ? `md-${it.align}` : undefined };
    const body = inlines(it.tokens, around, depth);
    return it.header ? <th scope="col" {...props}>{body}</th> : <td {...props}>{body}</td>;
  };
  return (
    <div class="md-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>{token.header.map(cell)}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, n) => (
            <tr key={n}>{row.map(cell)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens: Token[] | undefined, around: Surroundings, depth: number): ComponentChildren {
  return tokens?.map((token) => inline(token, around, depth));
}

function inline(token: Token, around: Surroundings, depth: number): ComponentChildren {
  if (depth > DEEPEST) return withoutMarks(token.raw);
  const nested = (token as Tokens.Generic).tokens;
  const inside = () => inlines(nested, around, depth + 1);
  switch (token.type) {
    case 'text':
    case 'escape':
      return nested ? inside() : words((token as Tokens.Text).text, around);
    case 'strong':
      return <strong>{inside()}</strong>;
    case 'em':
      return <em>{inside()}</em>;
    case 'del':
      return <del>{inside()}</del>;
    case 'br':
      return <br />;
    case 'codespan': {
      const { text } = token as Tokens.Codespan;
      return (
        <>
          <code>{withoutMarks(text)}</code>
          {marksIn(text).map((n) => around.marks[n]?.node)}
        </>
      );
    }
    case 'link': {
      const link = token as Tokens.Link;
      const href = linkUrl(withoutMarks(link.href));
      // A mark in the address, or in a link without text, stands behind it.
      const behind = marksIn(link.href).map((n) => around.marks[n]?.node);
      if (!href) return <>{inside()}{behind}</>;
      return (
        <>
          <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={link.title ? withoutMarks(link.title) : undefined}>
            {inside()}
          </a>
          {behind}
        </>
      );
    }
    case 'image': {
      const image = token as Tokens.Image;
      const alt = withoutMarks(image.text);
      const src = imageUrl(withoutMarks(image.href), around.imageDomains);
      if (src) return <img src={src} alt={alt} loading="lazy" referrerpolicy="no-referrer" />;
      const href = linkUrl(withoutMarks(image.href));
      const name = alt || 'Image';
      return href ? <a href={href} target="_blank" rel="noopener noreferrer nofollow">{name}</a> : name;
    }
    case 'html':
      return /^<br\s*\/?>$/i.test(token.raw) ? <br /> : words(token.raw, around);
    default:
      return words(token.raw, around);
  }
}

/** Text with its marks. */
function words(text: string, around: Surroundings): ComponentChildren {
  return splitMarks(text).map((part) => (typeof part === 'number' ? around.marks[part]?.node : decode(part)));
}

const ENTITY = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/gi;
const decoded = new Map<string, string>();

/** Character references, as Markdown has them. Only a reference is ever given to the HTML parser. */
function decode(text: string): string {
  return text.replace(ENTITY, (reference) => {
    let character = decoded.get(reference);
    if (character === undefined) {
      character = new DOMParser().parseFromString(reference, 'text/html').body.textContent ?? reference;
      if (decoded.size < 500) decoded.set(reference, character);
    }
    return character;
  });
}
