// Days, without times: the arithmetic of a calendar, in the user's own time zone.

/** A day, with the month counted from 0. */
export interface Day {
  year: number;
  month: number;
  day: number;
}

export function dayOf(date: Date): Day {
  return { year: date.getFullYear(), month: date.getMonth(), day: date.getDate() };
}

/** Its midnight. Years below 100 are meant as they are written. */
export function midnight({ year, month, day }: Day): Date {
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month, day);
  return date;
}

/** The day so many days later. */
export function addDays(day: Day, days: number): Day {
  return dayOf(midnight({ ...day, day: day.day + days }));
}

/** The day so many months later; the last of that month if it is shorter. */
export function addMonths({ year, month, day }: Day, months: number): Day {
  const last = dayOf(midnight({ year, month: month + months + 1, day: 0 }));
  return { ...last, day: Math.min(day, last.day) };
}

/** Negative if the first is the earlier one, 0 if they are the same. */
export function compare(a: Day, b: Day): number {
  return a.year - b.year || a.month - b.month || a.day - b.day;
}

/**
 * The day of an ISO 8601 text. A date alone, or one with a time and no offset, is meant in the user's own time; with an
 * offset it is a moment.
 */
export function parseDay(value: unknown): Day | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?))?$/i.exec(
    value.trim(),
  );
  if (!match) return undefined;
  const [, year, month, day, time] = match;
  if (time && /(?:Z|[+-]\d{2}:?\d{2})$/i.test(time)) {
    const moment = new Date(value.trim());
    return Number.isNaN(moment.getTime()) ? undefined : dayOf(moment);
  }
  const found = { year: Number(year), month: Number(month) - 1, day: Number(day) };
  return compare(dayOf(midnight(found)), found) === 0 ? found : undefined;
}

/** The day's midnight as ISO 8601, with the user's offset at that time. */
export function isoOf(day: Day): string {
  const date = midnight(day);
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const minutes = -date.getTimezoneOffset();
  const offset = `${minutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
  return `${pad(day.year, 4)}-${pad(day.month + 1)}-${pad(day.day)}T00:00:00${offset}`;
}

/** The weeks that a month reaches into, each from its first day; 0 is Sunday. */
export function weeks(month: Day, firstWeekday: number): Day[][] {
  const first = { ...month, day: 1 };
  const lead = (midnight(first).getDay() - firstWeekday + 7) % 7;
  const length = dayOf(midnight({ ...month, month: month.month + 1, day: 0 })).day;
  const rows = Math.ceil((lead + length) / 7);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: 7 }, (_, column) => addDays(first, row * 7 + column - lead)),
  );
}

/** The day that weeks begin with where a language is spoken; 0 is Sunday. */
export function firstWeekday(locale: string): number {
  try {
    const it = new Intl.Locale(locale) as Intl.Locale & {
      getWeekInfo?(): { firstDay: number };
      weekInfo?: { firstDay: number };
    };
    // There Sunday is 7.
    return ((it.getWeekInfo?.() ?? it.weekInfo)?.firstDay ?? 1) % 7;
  } catch {
    return 1;
  }
}
