// @ts-check
/** One row between the form that people fill in and the row that a file says. */

import { eventFieldsOf, eventParts, eventValuesOf } from "./rules-event-row.js";

/** @typedef {import("./rules-types.js").Row} Row */
/** @typedef {{id:string,when:string,why:string,way:"queue"|"close",queue:string,priority:string,
 *   window:string,skills:string} & import("./rules-event-row.js").EventValues} Values */

const THEN = ["queue", "close", "priority", "window", "skills"];

/** @param {Row|null} row @returns {Values} */
export function valuesOf(row) {
  const then = row?.then && typeof row.then === "object" ? row.then : {};
  const text = (/** @type {any} */ value) => (value === undefined || value === null ? "" : String(value));
  return {
    id: text(row?.id),
    when: text(row?.when).replace(/\n$/, ""),
    why: text(row?.why),
    way: then.close === true ? "close" : "queue",
    queue: text(then.queue),
    priority: text(then.priority),
    window: text(then.window),
    skills: Array.isArray(then.skills) ? then.skills.join(", ") : text(then.skills),
    ...eventValuesOf(row),
  };
}

/** As it was written where nothing else was typed, a number stays a number.
 * @param {any} old @param {string} typed @param {(text:string)=>any} read */
const kept = (old, typed, read) => (old !== undefined && String(old) === typed ? old : read(typed));

/** @param {string} text */
const numeric = (text) => (/^\d+$/.test(text) ? Number(text) : text);

/** The row with these values; whatever the form does not know stays.
 * @param {Row} old @param {Values} values @returns {Row} */
export function rowOf(old, values) {
  const event = old.kind !== "row";
  const row = /** @type {Row} */ ({ ...(event ? eventFieldsOf(old, values) : old), id: values.id.trim() });
  row.when = `${old.when ?? ""}`.replace(/\n$/, "") === values.when ? old.when : whenOf(values.when);
  if (!event) row.then = thenOf(old.then ?? {}, values);
  row.why = values.why.trim();
  return row;
}

/** More than one line ends with a line break, as people write it in a file. @param {string} when */
const whenOf = (when) => (when.trim().includes("\n") ? `${when.trim()}\n` : when.trim());

/** @param {Record<string, any>} old @param {Values} values */
function thenOf(old, values) {
  const then = Object.fromEntries(Object.entries(old).filter(([key]) => !THEN.includes(key)));
  const skills = values.skills.split(",").map((skill) => skill.trim()).filter(Boolean);
  return {
    ...(values.way === "close" ? { close: true } : { queue: values.queue }),
    ...(values.priority.trim() && { priority: kept(old.priority, values.priority.trim(), numeric) }),
    ...(values.window.trim() && { window: kept(old.window, values.window.trim(), String) }),
    ...(skills.length > 0 && { skills }),
    ...then,
  };
}

/** What a row does, in words for the table. @param {Row} row @param {(name:string)=>string} title */
export function thenParts(row, title) {
  if (row.kind !== "row") return eventParts(row, title);
  const then = row.then && typeof row.then === "object" ? row.then : {};
  const known = [
    then.priority !== undefined && `priority ${then.priority}`,
    then.window !== undefined && `within ${then.window}`,
    Array.isArray(then.skills) && then.skills.length > 0 && `skills ${then.skills.join(", ")}`,
    ...Object.keys(then).filter((key) => !THEN.includes(key)).map((key) => `${key} ${plain(then[key])}`),
  ];
  return { to: then.close === true ? "Close" : then.queue ? title(String(then.queue)) : "", more: known.filter(Boolean) };
}

/** @param {any} value */
const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
