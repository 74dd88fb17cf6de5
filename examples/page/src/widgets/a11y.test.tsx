import { describe, expect, it } from 'vitest';

import { FIXTURES, fixture } from './fixtures';
import { click, host, one, press, show } from './testing';

describe('those who do not see it', () => {
  it('hear labels', async () => {
    await show(fixture('form'));
    const labels = [...host.querySelectorAll<HTMLLabelElement>('.ckw-label')];
    const [name, kind, day, seat, notes] = labels;
    const target = (label?: HTMLLabelElement) => document.getElementById(label?.htmlFor ?? '');
    expect(target(name)?.tagName).toBe('INPUT');
    expect(target(kind)?.getAttribute('role')).toBe('combobox');
    expect(target(day)?.getAttribute('aria-labelledby')).toContain(day?.id);
    expect(one('[role=radiogroup]').getAttribute('aria-labelledby')).toBe(seat?.id);
    expect(seat?.htmlFor).toBe('');
    expect(target(notes)?.tagName).toBe('TEXTAREA');
    const ids = [...host.querySelectorAll('[id]')].map((it) => it.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((it) => /\s/.test(it))).toEqual([]);
  });

  it('have a name for every control', async () => {
    for (const name of Object.keys(FIXTURES)) {
      await show(fixture(name));
      for (const it of host.querySelectorAll('input, textarea, button, [role=radiogroup]')) {
        const labelled =
          it.getAttribute('aria-label') || it.getAttribute('aria-labelledby') || it.closest('label')?.textContent;
        const labels = (it as HTMLInputElement).labels;
        expect(labelled || it.textContent || labels?.length, `${name}: ${it.outerHTML}`).toBeTruthy();
      }
    }
  });

  it('have tables with heads', async () => {
    await show(fixture('table'));
    expect([...host.querySelectorAll('thead th[scope=col]')].map((it) => it.textContent)).toEqual([
      'City',
      'Sky',
      'Temperature',
    ]);
    expect(host.querySelectorAll('tbody tr')).toHaveLength(4);
    expect(one<HTMLTableCellElement>('tbody td[colspan]').colSpan).toBe(3);
  });

  it('have a chart as a table', async () => {
    await show(fixture('chart'));
    const table = one('.ckw-hidden');
    expect([...table.querySelectorAll('th[scope=col]')].map((it) => it.textContent)).toEqual([
      'Month',
      'Desktop',
      'Mobile',
      'Target',
    ]);
    expect([...table.querySelectorAll('tbody tr:first-child > *')].map((it) => it.textContent)).toEqual([
      'January',
      '186',
      '80',
      '240',
    ]);
    const svg = one<SVGSVGElement>('svg[role=img]');
    expect(svg.getAttribute('aria-describedby')).toBe(table.id);
    await press(svg, 'ArrowRight');
    expect(one('.ckw-tooltip').textContent).toBe('JanuaryDesktop186Mobile80Target240');
    await press(svg, 'End');
    expect(one('.ckw-tooltip').textContent).toContain('Jun');
    await press(svg, 'Escape');
    expect(host.querySelector('.ckw-tooltip')).toBeNull();
  });

  it('can open what is collapsed', async () => {
    await show(fixture('collapsed'));
    expect(host.textContent).not.toContain('What was sent');
    expect(host.textContent).not.toContain('Send');
    const more = one('[aria-expanded]');
    await click(more);
    expect(host.textContent).toContain('What was sent');
    expect(more.getAttribute('aria-expanded')).toBe('true');
  });
});
