// @ts-check
/** Numbers, times and words as people read them. */

const number = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact" });
const percentage = new Intl.NumberFormat(undefined, { style: "percent" });
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {number} value */
export const count = (value) => number.format(value);
/** @param {number} value */
export const shortCount = (value) => compact.format(value);
/** @param {number} value */
export const percent = (value) => percentage.format(value);
/** @param {number|string} when */
export const clockTime = (when) => timeOfDay.format(new Date(when));

/** `20s`, `4m 05s`, `2h 10m`, `3d 4h`: two units at most. @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3600) % 24}h`;
}

/** `30 min`, `4 h`: a window as a supervisor says it. @param {number} seconds */
export function windowText(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** Date and time, or nothing for what is not a time. @param {string|undefined} when */
export function dateTime(when) {
  const date = new Date(when ?? "");
  return Number.isNaN(date.getTime()) ? "" : dayAndTime.format(date);
}

/** The time of a moment of the next 24 hours, else its date as well. @param {number} when @param {number} at */
export const nearTime = (when, at) => (Math.abs(when - at) < 86_400_000 ? shortTime.format(when) : dayAndTime.format(when));

/** `no_answer_needed` becomes `No answer needed`. @param {string} code */
export function words(code) {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `1 agent`, `2 agents`. @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;

/** The language's own English name, or the code as it came. @param {string} [code] */
export function languageName(code) {
  if (!code) return "";
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code; // customers' data may hold any string here
  }
}
