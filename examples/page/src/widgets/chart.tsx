// Charts of bars, lines and areas, drawn as SVG.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { CHART_COLORS, color } from './colors';
import { type NodeProps, useEnv, useTheme } from './context';
import { curve, type Point, type Span, stacks, ticks } from './scale';
import { compact, flex, sizes } from './style';
import type { Chart } from './types';
import { classes, humanise, number, object, objects, oneOf, text, word } from './values';

const HEIGHT = 220;
/** Before the first measurement, and where there is none. */
const WIDTH = 480;
const FONT = 11;
/** Wider than most letters of that size. */
const LETTER = 6.2;
/** The table for those who do not see the chart has no more rows. */
const MANY_ROWS = 200;

interface Line {
  type: 'bar' | 'area' | 'line';
  key: string;
  label: string;
  stack?: string;
  paint: string;
  curve?: string;
  values: (number | undefined)[];
}

const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const long = new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 });

export function ChartView({ node, path }: NodeProps<Chart>) {
  const env = useEnv();
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const id = `${env.uid}${path}-table`;
  const [area, setArea] = useState({ width: WIDTH, height: HEIGHT });
  const [active, setActive] = useState<number>();

  useLayoutEffect(() => {
    const it = box.current;
    if (!it || typeof ResizeObserver !== 'function') return undefined;
    const observer = new ResizeObserver(() => {
      if (it.clientWidth > 0) setArea({ width: it.clientWidth, height: it.clientHeight || HEIGHT });
    });
    observer.observe(it);
    return () => observer.disconnect();
  }, []);

  const rows = objects(node.data);
  const axis = object(node.xAxis);
  const axisKey = text(axis ? axis.dataKey : node.xAxis);
  const names = object(axis?.labels) ?? {};
  const labels = rows.map((row) => {
    const value = text(row[axisKey]);
    return Object.hasOwn(names, value) ? text(names[value], value) : value;
  });
  const lines: Line[] = objects(node.series).flatMap((it, at) => {
    const type = oneOf(it.type, ['bar', 'area', 'line'] as const);
    const key = text(it.dataKey);
    if (!type || !key) return [];
    return {
      type,
      key,
      label: word(it.label) ?? humanise(key),
      stack: type === 'line' ? undefined : word(it.stack),
      paint: color(it.color, 'chart', theme) ?? `var(--ckw-chart-${CHART_COLORS[at % CHART_COLORS.length]})`,
      curve: word(it.curveType),
      values: rows.map((row) => (Object.hasOwn(row, key) ? number(row[key]) : undefined)),
    };
  });

  const hidden = axis?.hide === true;
  const tooltip = node.showTooltip === true && rows.length > 0;
  const title = `Chart of ${lines.map((it) => it.label).join(', ') || 'no data'}`;
  const move = (to: number) => setActive(Math.max(0, Math.min(rows.length - 1, to)));

  function key(event: KeyboardEvent) {
    const to: Record<string, number> = {
      ArrowRight: active === undefined ? 0 : active + 1,
      ArrowLeft: active === undefined ? rows.length - 1 : active - 1,
      Home: 0,
      End: rows.length - 1,
    };
    if (event.key === 'Escape') setActive(undefined);
    else if (Object.hasOwn(to, event.key)) {
      event.preventDefault();
      move(to[event.key] as number);
    }
  }

  const set = sizes(node);
  return (
    <figure class="ckw-chart" style={compact(set, { flex: flex(node.flex) })}>
      <div
        ref={box}
        class={classes('ckw-plot', !!(set.height || set['aspect-ratio']) && 'ckw-plot-sized')}
        onPointerLeave={() => setActive(undefined)}
      >
        <Plot
          lines={lines}
          labels={labels}
          width={area.width}
          height={area.height}
          title={title}
          describedBy={id}
          axis={!hidden}
          values={node.showYAxis === true}
          gap={number(node.barGap)}
          categoryGap={number(node.barCategoryGap)}
          active={tooltip ? active : undefined}
          onActive={tooltip ? move : undefined}
          onKey={tooltip ? key : undefined}
          onLeave={() => setActive(undefined)}
        />
        {tooltip && active !== undefined && active < rows.length && (
          <Tooltip
            label={labels[active] ?? ''}
            lines={lines}
            row={active}
            side={active < rows.length / 2 ? 'right' : 'left'}
          />
        )}
      </div>
      {node.showLegend === true && (
        // The table says the same.
        <div class="ckw-legend" aria-hidden="true">
          {lines.map((it) => (
            <span key={it.key} class="ckw-legend-entry">
              <span class={`ckw-swatch ckw-swatch-${it.type}`} style={{ background: it.paint }} />
              {it.label}
            </span>
          ))}
        </div>
      )}
      <table class="ckw-hidden" id={id}>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{humanise(axisKey) || 'Row'}</th>
            {lines.map((it, at) => (
              <th key={at} scope="col">
                {it.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MANY_ROWS).map((_, row) => (
            <tr key={row}>
              <th scope="row">{labels[row] || row + 1}</th>
              {lines.map((it, at) => (
                <td key={at}>{written(it.values[row])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function written(value: number | undefined): string {
  return value === undefined ? '–' : long.format(value);
}

function Tooltip({ label, lines, row, side }: { label: string; lines: Line[]; row: number; side: 'left' | 'right' }) {
  return (
    <div class={`ckw-tooltip ckw-tooltip-${side}`} role="status">
      <div class="ckw-tooltip-title">{label}</div>
      {lines.map((it) => (
        <div key={it.key} class="ckw-tooltip-row">
          <span class={`ckw-swatch ckw-swatch-${it.type}`} style={{ background: it.paint }} />
          <span class="ckw-tooltip-name">{it.label}</span>
          <span class="ckw-tooltip-value">{written(it.values[row])}</span>
        </div>
      ))}
    </div>
  );
}

interface PlotProps {
  lines: Line[];
  labels: string[];
  width: number;
  height: number;
  title: string;
  describedBy: string;
  axis: boolean;
  values: boolean;
  gap?: number;
  categoryGap?: number;
  active?: number;
  onActive?(row: number): void;
  onKey?(event: KeyboardEvent): void;
  onLeave(): void;
}

function Plot(props: PlotProps) {
  const { lines, labels, width, height, axis, values, active, onActive } = props;
  const spans = stacks(lines);
  const reached = spans.flat().flatMap((it) => (it ? [it.from, it.to] : []));
  const low = Math.min(0, ...reached);
  const high = Math.max(0, ...reached);
  const steps = ticks(low, high, Math.max(2, Math.round(height / 50)));
  const [bottom, top] = [steps[0] as number, steps[steps.length - 1] as number];

  const stepLabels = steps.map((it) => short.format(it));
  const left = values ? Math.max(...stepLabels.map((it) => it.length)) * LETTER + 10 : 1;
  const inner = { left, right: width - 1, top: 8, bottom: height - (axis ? 22 : 4) };
  const y = (value: number) => inner.bottom - ((value - bottom) / (top - bottom)) * (inner.bottom - inner.top);
  const band = (inner.right - inner.left) / Math.max(1, labels.length);
  const middle = (row: number) => inner.left + band * (row + 0.5);

  function point(event: PointerEvent & { currentTarget: SVGSVGElement }) {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left - inner.left;
    onActive?.(Math.floor(at / band));
  }

  const bars = lines.filter((it) => it.type === 'bar');
  return (
    <svg
      class="ckw-svg"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={props.title}
      aria-describedby={props.describedBy}
      tabIndex={props.onKey ? 0 : undefined}
      onKeyDown={props.onKey}
      onBlur={props.onLeave}
      onPointerMove={onActive && point}
      onPointerDown={onActive && point}
    >
      {steps.map((step, at) => (
        <g key={step}>
          <line
            class={step === 0 ? 'ckw-zero' : 'ckw-grid'}
            x1={inner.left}
            x2={inner.right}
            y1={y(step)}
            y2={y(step)}
          />
          {values && (
            <text class="ckw-tick" x={inner.left - 8} y={y(step)} text-anchor="end" dominant-baseline="central">
              {stepLabels[at]}
            </text>
          )}
        </g>
      ))}
      {active !== undefined && bars.length > 0 && (
        <rect
          class="ckw-band"
          x={inner.left + band * active}
          y={inner.top}
          width={band}
          height={inner.bottom - inner.top}
        />
      )}
      {active !== undefined && bars.length === 0 && (
        <line class="ckw-cursor" x1={middle(active)} x2={middle(active)} y1={inner.top} y2={inner.bottom} />
      )}
      <Bars
        lines={lines}
        spans={spans}
        band={band}
        left={inner.left}
        y={y}
        gap={props.gap}
        categoryGap={props.categoryGap}
      />
      {lines.map((line, at) =>
        line.type === 'bar' ? null : (
          <Curve key={at} line={line} spans={spans[at] ?? []} x={middle} y={y} active={active} />
        ),
      )}
      {axis && <AxisLabels labels={labels} band={band} middle={middle} inner={inner} height={height} />}
    </svg>
  );
}

interface BarsProps {
  lines: Line[];
  spans: (Span | undefined)[][];
  band: number;
  left: number;
  y(value: number): number;
  gap?: number;
  categoryGap?: number;
}

/** Stacks side by side in each row's band. */
function Bars({ lines, spans, band, left, y, gap: wanted, categoryGap }: BarsProps) {
  const slots: string[] = [];
  const slotOf = lines.map((line, at) => {
    if (line.type !== 'bar') return -1;
    const name = line.stack === undefined ? `#${at}` : `=${line.stack}`;
    if (!slots.includes(name)) slots.push(name);
    return slots.indexOf(name);
  });
  if (slots.length === 0) return null;
  const outer = Math.min(Math.max(0, categoryGap ?? band * 0.3), band * 0.8);
  const gap = slots.length > 1 ? Math.max(-band, Math.min(wanted ?? 3, (band - outer) / slots.length)) : 0;
  const wide = Math.min(56, Math.max(1, (band - outer - gap * (slots.length - 1)) / slots.length));
  const group = wide * slots.length + gap * (slots.length - 1);

  return (
    <>
      {lines.map((line, at) =>
        (slotOf[at] as number) < 0
          ? null
          : (spans[at] ?? []).map((span, row) => {
              if (!span || span.from === span.to) return null;
              const x = left + band * row + (band - group) / 2 + (slotOf[at] as number) * (wide + gap);
              const [from, to] = [y(span.from), y(span.to)];
              const rounded = isOutermost(lines, spans, at, row, span);
              return <path key={`${at} ${row}`} d={bar(x, wide, from, to, rounded ? 4 : 0)} fill={line.paint} />;
            }),
      )}
    </>
  );
}

/** Only the end of a stack is round. */
function isOutermost(lines: Line[], spans: (Span | undefined)[][], at: number, row: number, span: Span): boolean {
  const { stack } = lines[at] as Line;
  if (stack === undefined) return true;
  return !lines.some((other, i) => {
    const its = spans[i]?.[row];
    return (
      i > at && other.type === 'bar' && other.stack === stack && !!its && its.from === span.to && its.from !== its.to
    );
  });
}

/** A bar from its base to its value, with round corners there. */
function bar(x: number, width: number, from: number, to: number, round: number): string {
  const radius = Math.min(round, width / 2, Math.abs(to - from));
  const back = to < from ? radius : -radius;
  return (
    `M${x},${from}V${to + back}Q${x},${to} ${x + radius},${to}` +
    `H${x + width - radius}Q${x + width},${to} ${x + width},${to + back}V${from}Z`
  );
}

interface CurveProps {
  line: Line;
  spans: (Span | undefined)[];
  x(row: number): number;
  y(value: number): number;
  active?: number;
}

/** A line or an area, interrupted where a row has no number. */
function Curve({ line, spans, x, y, active }: CurveProps) {
  const runs: { over: Point[]; under: Point[] }[] = [];
  let open = false;
  spans.forEach((span, row) => {
    if (!span) {
      open = false;
      return;
    }
    if (!open) runs.push({ over: [], under: [] });
    open = true;
    const run = runs[runs.length - 1];
    run?.over.push({ x: x(row), y: y(span.to) });
    run?.under.push({ x: x(row), y: y(span.from) });
  });
  const marked = active === undefined ? undefined : spans[active];
  return (
    <>
      {runs.map(({ over, under }, at) => {
        const path = curve(over, line.curve);
        const edge = curve([...under].reverse(), reversed(line.curve)).replace('M', 'L');
        return (
          <g key={at}>
            {line.type === 'area' && over.length > 1 && (
              <path class="ckw-area" d={`${path}${edge}Z`} fill={line.paint} />
            )}
            {over.length > 1 ? (
              <path class="ckw-stroke" d={path} stroke={line.paint} />
            ) : (
              <circle cx={over[0]?.x} cy={over[0]?.y} r={3} fill={line.paint} />
            )}
          </g>
        );
      })}
      {marked && active !== undefined && (
        <circle class="ckw-marker" cx={x(active)} cy={y(marked.to)} r={4} fill={line.paint} />
      )}
    </>
  );
}

/** The curve that is the same when it is drawn from its end. */
function reversed(type: string | undefined): string | undefined {
  if (type === 'stepBefore') return 'stepAfter';
  return type === 'stepAfter' ? 'stepBefore' : type;
}

interface AxisProps {
  labels: string[];
  band: number;
  middle(row: number): number;
  inner: { left: number; right: number };
  height: number;
}

/** As many labels as fit beside each other. */
function AxisLabels({ labels, band, middle, inner, height }: AxisProps) {
  const most = Math.max(24, Math.min(120, (inner.right - inner.left) / 3));
  const cut = labels.map((it) => {
    const letters = Math.max(3, Math.floor(most / LETTER));
    return it.length > letters ? `${it.slice(0, letters - 1)}…` : it;
  });
  const widest = Math.max(1, ...cut.map((it) => it.length * LETTER)) + 8;
  const every = Math.max(1, Math.ceil(widest / band));
  let end = Number.NEGATIVE_INFINITY;
  return (
    <>
      {cut.map((label, row) => {
        if (row % every !== 0) return null;
        const half = (label.length * LETTER) / 2;
        const x = Math.max(inner.left + half - 4, Math.min(inner.right - half, middle(row)));
        // Those at the edges have been moved inwards.
        if (x - half < end + 6) return null;
        end = x + half;
        return (
          <text key={row} class="ckw-tick" x={x} y={height - 6} text-anchor="middle" font-size={FONT}>
            {label}
          </text>
        );
      })}
    </>
  );
}
