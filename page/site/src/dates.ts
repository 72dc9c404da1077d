// Days as the catalogue counts them: calendar dates without a time zone.
import type { Span } from "./api/types";

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;

export function isDay(text: string): boolean {
  return ISO_DAY.test(text) && !Number.isNaN(new Date(`${text}T00:00:00Z`).getTime());
}

function utc(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

function format(day: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(utc(day));
}

export const shortDay = (day: string) => format(day, { day: "numeric", month: "short", year: "numeric" });

/// "Thursday, 31 July 2025", "Week of 28 July 2025", "July 2025".
export function spanTitle(span: Span, date: string, from: string | null): string {
  if (span === "week") return `Week of ${format(from ?? date, { day: "numeric", month: "long", year: "numeric" })}`;
  if (span === "month") return format(date, { month: "long", year: "numeric" });
  return format(date, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).replace(/^(\w+) /, "$1, ");
}
