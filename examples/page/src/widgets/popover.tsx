// What opens beside a control: above everything else, and inside of the window.

import type { ComponentChildren } from 'preact';
import { useCallback, useLayoutEffect, useRef } from 'preact/hooks';

export type Side = 'top' | 'bottom' | 'left' | 'right';
export type Align = 'start' | 'center' | 'end';

interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

const GAP = 6;
const MARGIN = 8;

/** Where a panel of a size goes: on the wanted side of the anchor, or on the opposite one if there is more space. */
export function place(
  anchor: Rect,
  panel: { width: number; height: number },
  view: { width: number; height: number },
  side: Side,
  align: Align,
): { left: number; top: number } {
  const vertical = side === 'top' || side === 'bottom';
  const [start, extent, size, all] = vertical
    ? [anchor.top, anchor.height, panel.height, view.height]
    : [anchor.left, anchor.width, panel.width, view.width];
  const before = start - GAP - MARGIN;
  const after = all - start - extent - GAP - MARGIN;
  const wantsBefore = side === 'top' || side === 'left';
  const [here, there] = wantsBefore ? [before, after] : [after, before];
  const isBefore = size > here && there > here ? !wantsBefore : wantsBefore;
  const main = isBefore ? start - GAP - size : start + extent + GAP;

  const [from, span, width, most] = vertical
    ? [anchor.left, anchor.width, panel.width, view.width]
    : [anchor.top, anchor.height, panel.height, view.height];
  const cross = { start: from, center: from + (span - width) / 2, end: from + span - width }[align];
  const clamp = (value: number, extent: number, all: number) =>
    Math.max(MARGIN, Math.min(value, all - extent - MARGIN));
  const crossed = clamp(cross, width, most);
  const mained = clamp(main, size, all);
  return vertical ? { left: crossed, top: mained } : { left: mained, top: crossed };
}

interface Props {
  anchor: { current: HTMLElement | null };
  side?: Side;
  align?: Align;
  /** Whether it is at least as wide as its anchor. */
  wide?: boolean;
  class: string;
  /** Something else has been reached; the focus stays there. */
  onClose(): void;
  /** Escape has been pressed in the panel or at its anchor. */
  onEscape(): void;
  children: ComponentChildren;
}

/**
 * A panel in the browser's top layer, inside of its anchor in the tree. A press outside of both closes it, and so does a
 * focus that goes there. What is in it can have the focus as soon as the effects of the children run.
 */
export function Popover({
  anchor,
  side = 'bottom',
  align = 'start',
  wide,
  class: name,
  onClose,
  onEscape,
  children,
}: Props) {
  const panel = useRef<HTMLDivElement>(null);
  const latest = useRef({ onClose, onEscape });
  latest.current = { onClose, onEscape };
  // Effects of the children come before those of this component, and what is not shown cannot have the focus.
  const show = useCallback((it: HTMLDivElement | null) => {
    panel.current = it;
    it?.showPopover?.();
  }, []);

  useLayoutEffect(() => {
    const it = panel.current;
    const box = anchor.current;
    if (!it || !box) return undefined;

    function move() {
      if (!it || !box) return;
      const at = box.getBoundingClientRect();
      if (wide) it.style.minWidth = `${at.width}px`;
      const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
      const where = place(at, { width: it.offsetWidth, height: it.offsetHeight }, view, side, align);
      it.style.left = `${where.left}px`;
      it.style.top = `${where.top}px`;
    }
    function press(event: Event) {
      const target = event.target as Element;
      // A press on its label is one on the control, which then closes it itself.
      const control = target.closest('label')?.control ?? target;
      if (!box?.contains(target) && !box?.contains(control)) latest.current.onClose();
    }
    function key(event: KeyboardEvent) {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      latest.current.onEscape();
    }

    move();
    // A search leaves fewer options.
    const observer = typeof ResizeObserver === 'function' ? new ResizeObserver(move) : undefined;
    observer?.observe(it);
    // What scrolls is not the window but something in it.
    window.addEventListener('scroll', move, true);
    window.addEventListener('resize', move);
    document.addEventListener('pointerdown', press, true);
    box.addEventListener('keydown', key);
    return () => {
      observer?.disconnect();
      window.removeEventListener('scroll', move, true);
      window.removeEventListener('resize', move);
      document.removeEventListener('pointerdown', press, true);
      box.removeEventListener('keydown', key);
    };
  }, [anchor, side, align, wide]);

  return (
    <div
      ref={show}
      popover="manual"
      class={`ckw-popover ${name}`}
      onFocusOut={(event) => {
        const to = event.relatedTarget as globalThis.Node | null;
        if (to && !anchor.current?.contains(to)) onClose();
      }}
    >
      {children}
    </div>
  );
}
