// Tables.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { NodeProps } from './context';
import { Children, type Keyed, keyed } from './node';
import { compact, padding, size } from './style';
import type { Table, TableCell, TableRow } from './types';
import { classes, count, objects, oneOf } from './values';

const COLUMNS = ['xs', 'sm', 'md', 'lg', 'xl'] as const;
const ALIGNS = ['start', 'center', 'end'] as const;

/** The head is what comes before the first row that is no header. */
export function TableView({ node, path }: NodeProps<Table>) {
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  const rows = keyed(node.children, path);
  const first = rows.findIndex((row) => (row.node as unknown as TableRow).header !== true);
  const head = first === -1 ? rows : rows.slice(0, first);
  const body = first === -1 ? [] : rows.slice(first);

  useLayoutEffect(() => {
    const it = box.current;
    if (!it || typeof ResizeObserver !== 'function') return undefined;
    const observer = new ResizeObserver(() => setScrolls(it.scrollWidth > it.clientWidth + 1));
    observer.observe(it);
    return () => observer.disconnect();
  }, []);

  return (
    <div
      ref={box}
      class="ckw-table-box"
      // Only what scrolls has to be reached by the keyboard.
      tabIndex={scrolls ? 0 : undefined}
      role={scrolls ? 'group' : undefined}
      aria-label={scrolls ? 'Table' : undefined}
    >
      <table class="ckw-table">
        {head.length > 0 && <thead>{head.map((row) => rowView(row))}</thead>}
        {body.length > 0 && <tbody>{body.map((row) => rowView(row))}</tbody>}
      </table>
    </div>
  );
}

function rowView(row: Keyed) {
  return <RowOfTable key={row.key} node={row.node as unknown as TableRow} path={row.path} />;
}

function RowOfTable({ node, path }: NodeProps<TableRow>) {
  const header = node.header === true;
  return (
    <tr>
      {keyed(node.children, path).map((child) => {
        const cell = child.node as unknown as TableCell;
        const width = size(cell.width);
        const style = compact(padding(cell.padding), { width, 'min-width': width });
        const across = oneOf(cell.align, ALIGNS);
        const down = oneOf(cell.vAlign, ALIGNS);
        const column = oneOf(cell.colSize, COLUMNS);
        const name = classes(
          across && `ckw-cell-${across}`,
          down && `ckw-cell-v${down}`,
          column && `ckw-column-${column}`,
        );
        const content = (
          <div class="ckw-cell">
            <Children of={cell.type === 'Table.Cell' ? cell.children : [cell]} path={child.path} />
          </div>
        );
        const spans = { colSpan: count(cell.colSpan, 1, 100), rowSpan: count(cell.rowSpan, 1, 100) };
        // A header without a text heads nothing.
        return header && objects(cell.children).length > 0 ? (
          <th key={child.key} scope="col" class={name} style={style} {...spans}>
            {content}
          </th>
        ) : (
          <td key={child.key} class={name} style={style} {...spans}>
            {content}
          </td>
        );
      })}
    </tr>
  );
}

/** A row or a cell where none belongs: its children. */
export function StrayPart({ node, path }: NodeProps<TableRow | TableCell>) {
  return (
    <div class="ckw-unknown-group">
      <Children of={node.children} path={path} />
    </div>
  );
}
