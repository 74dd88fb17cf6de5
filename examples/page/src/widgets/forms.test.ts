import { expect, it } from 'vitest';

import { addMonths, compare, isoOf, parseDay, weeks } from './calendar';
import { FieldStore, mergeFormValues, Scope, setAt } from './forms';

it('puts dotted names into objects', () => {
  const values = {};
  setAt(values, 'todo.title', 'a');
  setAt(values, 'todo.owner.name', 'b');
  setAt(values, 'done', true);
  // Through a value, an empty step, or nothing at all: no place.
  setAt(values, 'done.more', 1);
  setAt(values, 'todo..x', 1);
  setAt(values, '', 1);
  setAt(values, 'x.', 1);
  expect(values).toEqual({ todo: { title: 'a', owner: { name: 'b' } }, done: true });
});

it('never reaches a prototype', () => {
  const values: Record<string, unknown> = {};
  setAt(values, '__proto__.polluted', 1);
  setAt(values, '__proto__', { polluted: 1 });
  setAt(values, 'a.__proto__.polluted', 1);
  setAt(values, 'constructor.prototype.polluted', 1);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(values.polluted).toBeUndefined();
  expect(Object.hasOwn(values, 'constructor')).toBe(true);
  const payload = JSON.parse('{"__proto__": {"polluted": 1}}');
  mergeFormValues(payload, JSON.parse('{"__proto__": {"more": 1}, "a": 1}'));
  expect(({} as Record<string, unknown>).more).toBeUndefined();
});

it.each([
  [undefined, { a: 1 }, { a: 1 }],
  [null, { a: 1 }, { a: 1 }],
  [{ id: 7 }, { a: 1 }, { id: 7, a: 1 }],
  // What the payload has already stays.
  [{ a: 0 }, { a: 1, b: 2 }, { a: 0, b: 2 }],
  [{ todo: { id: 2, title: 'x' } }, { todo: { title: 'y', note: 'n' } }, { todo: { id: 2, title: 'x', note: 'n' } }],
  [{ todo: 1 }, { todo: { title: 'y' } }, { todo: 1 }],
  [{ todo: { title: {} } }, { todo: { title: 'y' } }, { todo: { title: {} } }],
  ['song', { a: 1 }, 'song'],
  [[1], { a: 1 }, [1]],
  [{ id: 7 }, {}, { id: 7 }],
  [undefined, {}, undefined],
  [{ id: 7 }, null, { id: 7 }],
])('merges %j and %j', (payload, values, expected) => {
  const before = JSON.stringify([payload, values]);
  const merged = mergeFormValues(payload, values);
  expect(merged).toEqual(expected);
  expect(mergeFormValues(merged, values)).toEqual(expected);
  expect(JSON.stringify([payload, values])).toBe(before);
});

it('keeps what was entered until the server says something else', () => {
  const fields = new FieldStore();
  expect(fields.read('a', 'first')).toBe('first');
  fields.write('a', 'mine', 'first');
  expect(fields.read('a', 'first')).toBe('mine');
  expect(fields.read('a', 'second')).toBe('second');
  fields.write('b', 'mine', 'gr');
  expect(fields.read('b', 'grow', true)).toBe('mine');
  expect(fields.read('b', 'grow')).toBe('mine');
});

it('collects what its controls hold, without those that are off', () => {
  const scope = new Scope(true);
  const control = (name: string, value: unknown) =>
    scope.addControl({ name, id: `#${name}`, labelable: true, value: () => value });
  control('a.b', 'x');
  const remove = control('a.c', false);
  control('off', undefined);
  control('none', null);
  expect(scope.values()).toEqual({ a: { b: 'x', c: false }, none: null });
  remove();
  expect(scope.values()).toEqual({ a: { b: 'x' }, none: null });
  expect(new Scope(false).values()).toBeNull();
});

it('joins labels and controls in either order', () => {
  const scope = new Scope(true);
  let told = 0;
  scope.subscribe(() => {
    told += 1;
  });
  const remove = scope.addLabel('a', 'label');
  expect(scope.labelIds('a', 'field')).toBeUndefined();
  scope.addControl({ name: 'a', id: 'field', labelable: true, value: () => 1 });
  scope.addControl({ name: 'a', id: 'second', labelable: true, value: () => 1 });
  expect(scope.labelIds('a', 'field')).toBe('label');
  expect(scope.labelIds('a', 'second')).toBeUndefined();
  remove();
  expect(scope.labelIds('a', 'field')).toBeUndefined();
  expect(told).toBe(4);
});

it('reads and writes days', () => {
  const day = { year: 2024, month: 1, day: 29 };
  expect(parseDay('2024-02-29')).toEqual(day);
  expect(parseDay('2024-02-29T23:59:59')).toEqual(day);
  expect(parseDay(isoOf(day))).toEqual(day);
  expect(isoOf(day)).toMatch(/^2024-02-29T00:00:00[+-]\d\d:\d\d$/);
  for (const none of ['2023-02-29', '2024-13-01', 'soon', '', null, 5, '2024-02-29Tx', '2024-02-29TxZ']) {
    expect(parseDay(none), String(none)).toBeUndefined();
  }
  expect(addMonths({ year: 2024, month: 0, day: 31 }, 1)).toEqual(day);
  expect(addMonths(day, -12)).toEqual({ year: 2023, month: 1, day: 28 });
  expect(addMonths({ year: 2024, month: 11, day: 31 }, 1)).toEqual({ year: 2025, month: 0, day: 31 });
  expect(compare(day, { ...day, day: 28 })).toBeGreaterThan(0);
});

it('lays a month out in weeks', () => {
  const monday = weeks({ year: 2024, month: 1, day: 10 }, 1);
  expect(monday).toHaveLength(5);
  expect(monday[0]?.[0]).toEqual({ year: 2024, month: 0, day: 29 });
  expect(monday[0]?.[3]).toEqual({ year: 2024, month: 1, day: 1 });
  expect(monday[4]?.[6]).toEqual({ year: 2024, month: 2, day: 3 });
  expect(weeks({ year: 2024, month: 1, day: 10 }, 0)[0]?.[4]).toEqual({ year: 2024, month: 1, day: 1 });
  // Four weeks exactly.
  expect(weeks({ year: 2027, month: 1, day: 1 }, 1)).toHaveLength(4);
});
