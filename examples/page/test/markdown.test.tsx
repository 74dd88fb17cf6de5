// Markdown: what it becomes, and that nothing in it can run or load what it should not.

import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Markdown, type MarkdownProps } from '../src/markdown';
import { heal } from '../src/markdown/heal';
import { splitMarks, withMarks, withoutMarks } from '../src/markdown/marks';
import { imageUrl, linkUrl } from '../src/markdown/url';

let root: HTMLElement;
beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

function show(text: string, props: Partial<MarkdownProps> = {}): HTMLElement {
  render(<Markdown text={text} {...props} />, root);
  return root;
}

describe('elements', () => {
  it('has what Markdown has', () => {
    show('# One\n\ntext **bold** *em* ~~del~~ `a<b`\n\n- [x] done\n- [ ] open\n\n3. three\n\n> said\n\n---\n\n|a|b|\n|-|:-:|\n|1|2|');
    expect(root.querySelector('h3')?.textContent).toBe('One');
    expect(root.querySelector('strong')?.textContent).toBe('bold');
    expect(root.querySelector('code')?.textContent).toBe('a<b');
    expect([...root.querySelectorAll('input')].map((box) => box.checked)).toEqual([true, false]);
    expect(root.querySelector('ol')?.getAttribute('start')).toBe('3');
    expect(root.querySelectorAll('blockquote, hr, th, td')).toHaveLength(6);
    expect(root.querySelectorAll('.md-center')).toHaveLength(2);
  });

  it('shows code as it is', () => {
    show('```rust ignore\nlet a = "<b>" && x;\n```');
    expect(root.querySelector('pre')?.textContent).toBe('let a = "<b>" && x;');
    expect(root.querySelector('figcaption span')?.textContent).toBe('rust');
  });

  it('reads character references', () => {
    expect(show('a &amp; b &lt;i&gt; &#x41; &nosuch;').textContent).toBe('a & b <i> A &nosuch;');
  });

  it('opens links elsewhere, without telling where they are', () => {
    const link = show('[a](https://example.com/x?a=1&b=2)').querySelector('a');
    expect(link?.href).toBe('https://example.com/x?a=1&b=2');
    expect(link?.target).toBe('_blank');
    expect(link?.rel).toContain('noopener');
  });
});

describe('content that is no script', () => {
  const attacks = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)>',
    '<iframe src="javascript:alert(1)"></iframe>',
    '<a href="javascript:alert(1)">x</a>',
    '<style>*{display:none}</style>',
    '<form action="https://evil.example"><input name=a></form>',
    'text <b onmouseover=alert(1)>b</b>',
    '<details open ontoggle=alert(1)>',
    '<!-- --><math><mtext></mtext></math>',
    '- <base href="https://evil.example">',
    '| <img src=x onerror=alert(1)> |\n|-|\n| <script>alert(1)</script> |',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
  ];
  it.each(attacks)('%s', (attack) => {
    show(attack);
    expect(root.querySelector('script, style, iframe, svg:not(.icon), form, base, math, details, img, b')).toBeNull();
    const attributes = [...root.querySelectorAll('.md *:not(.icon, .icon *)')].flatMap((it) => it.getAttributeNames());
    expect(attributes.filter((name) => name.startsWith('on'))).toEqual([]);
    // It is there to be read.
    expect(root.textContent).toMatch(/<|script|alert/);
  });

  const links = [
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](java\tscript:alert(1))',
    '[x](<java\nscript:alert(1)>)',
    '[x](\u0001javascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:msgbox(1))',
    '[x](file:///etc/passwd)',
    '[x](blob:https://example.com/1)',
    '<javascript:alert(1)>',
    '[x][1]\n\n[1]: javascript:alert(1)',
    '![x](javascript:alert(1))',
  ];
  it.each(links)('%j is no link', (text) => {
    show(text);
    for (const link of root.querySelectorAll('a')) expect(link.protocol).toMatch(/^(https?|mailto|tel):$/);
    expect(root.innerHTML).not.toMatch(/(href|src)="\s*(javascript|data|vbscript|file|blob)/i);
  });

  it('loads no picture from elsewhere unless the thread allows it', () => {
    const text = '![p](https://images.example/a.png?secret=1)';
    expect(show(text).querySelector('img')).toBeNull();
    expect(root.querySelector('a')?.textContent).toBe('p');
    expect(show(text, { imageDomains: ['images.example'] }).querySelector('img')?.src).toBe(
      'https://images.example/a.png?secret=1',
    );
    expect(show(text, { imageDomains: ['ages.example'] }).querySelector('img')).toBeNull();
  });

  it('is not stopped by depth', () => {
    expect(show('> '.repeat(3_000) + 'deep').textContent).toContain('deep');
    expect(show('['.repeat(2_000) + 'x').textContent).toContain('x');
  });
});

describe('addresses', () => {
  const base = 'http://127.0.0.1:8000/';
  it('links lead to the web, to mail or to a phone', () => {
    expect(linkUrl('https://a.example', base)).toBe('https://a.example/');
    expect(linkUrl('mailto:a@b.example', base)).toBe('mailto:a@b.example');
    expect(linkUrl('/files/1', base)).toBe('http://127.0.0.1:8000/files/1');
    expect(linkUrl('javascript:alert(1)', base)).toBeUndefined();
    expect(linkUrl('http://', base)).toBeUndefined();
  });
  it('images are of this server, in the address itself, or of an allowed host', () => {
    expect(imageUrl('/files/1', [], base)).toBe('http://127.0.0.1:8000/files/1');
    expect(imageUrl('data:image/png;base64,AAAA', [], base)).toBe('data:image/png;base64,AAAA');
    expect(imageUrl('data:image/svg+xml,<svg/>', [], base)).toBeUndefined();
    expect(imageUrl('//evil.example/x.png', [], base)).toBeUndefined();
    expect(imageUrl('https://a.b.example/x.png', ['b.example'], base)).toBe('https://a.b.example/x.png');
  });
});

describe('marks', () => {
  const mark = (n: number, index: number | null) => ({ index, node: <sup key={n}>{n}</sup> });

  it('stand where they belong', () => {
    expect(show('ab **cd** ef', { marks: [mark(0, 2), mark(1, null)] }).textContent).toBe('ab0 cd ef1');
    expect(show('a `code` b', { marks: [mark(0, 5)] }).textContent).toBe('a code0 b');
    expect(show('```\ncode\n```', { marks: [mark(0, 6)] }).querySelector('pre')?.textContent).toBe('code');
    expect(root.querySelector('sup')?.textContent).toBe('0');
    expect(show('[a](https://example.com/x)', { marks: [mark(0, 10)] }).querySelector('a')?.href).toBe('https://example.com/x');
    expect(root.querySelectorAll('sup')).toHaveLength(1);
  });

  it('are counted in characters, not in code units', () => {
    expect(show('😀😀x', { marks: [mark(7, 2)] }).textContent).toBe('😀😀7x');
  });

  it('cannot be forged by the text', () => {
    const forged = 'a \uE0000\uE001 b';
    expect(show(forged, { marks: [mark(0, null)] }).querySelectorAll('sup')).toHaveLength(1);
    expect(root.textContent).toBe('a \uFFFD0\uFFFD b0');
  });

  it('go through a text and back', () => {
    const text = withMarks('abc', [1, 99, 0]);
    expect(splitMarks(text)).toEqual([2, 'a', 0, 'bc', 1]);
    expect(withoutMarks(text)).toBe('abc');
  });
});

describe('a text that grows', () => {
  it.each([
    ['a **b', 'a **b**'],
    ['a **b** c', 'a **b** c'],
    ['a **', 'a '],
    ['a `b', 'a `b`'],
    ['a [b](https://exa', 'a b'],
    ['a [b', 'a b'],
    ['```\n**a', '```\n**a'],
    ['one **a\n\ntwo', 'one **a\n\ntwo'],
  ])('%j is shown as %j', (text, healed) => {
    expect(heal(text)).toBe(healed);
  });

  it('keeps the blocks that have not changed', () => {
    show('# One\n\ntwo', { growing: true });
    const first = root.querySelector('h3');
    show('# One\n\ntwo three', { growing: true });
    expect(root.querySelector('h3')).toBe(first);
    expect(root.querySelector('p')?.textContent).toBe('two three');
  });
});
