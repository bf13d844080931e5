// @ts-check
/** Flights in words: measures, who a step is for, what a change was. */
import { dateTime, duration, plural, words } from "./format.js";

/** @typedef {import("./flights-types.js").Goal} Goal */

/** @param {number} ms */
export const moment = (ms) => dateTime(new Date(ms).toISOString());

/** @param {Goal} goal */
export function measure(goal) {
  if (goal.kind === "quiet") return `closes when none of its tasks was open for ${plural(goal.minutes, "minute")}`;
  if (goal.kind === "steps") return "closes when every step is done";
  return `closes ${moment(goal.until_ms)}`;
}

/** @param {import("./flights-types.js").StepWho|null} who */
export function forWhom(who) {
  if (!who) return "";
  if (who.queue) return `queue ${who.queue}`;
  return who.rep ?? (who.role ? `any ${who.role}` : "");
}

/** How soon it closes if nothing happens. @param {{due_ms:number}} flight @param {number} at */
export function soon({ due_ms: due }, at) {
  if (!due) return "";
  return due > at ? `closes in ${duration(due - at)}` : "closing";
}

const KINDS = /** @type {Record<string, string>} */ ({
  opened: "opened the flight",
  edited: "changed it",
  ticked: "did",
  unticked: "took back the tick of",
  task_added: "added a task",
  task_removed: "took a task out",
  closed: "closed it",
  reopened: "reopened it",
});

/** What somebody did, in a sentence without its subject. @param {import("./flights-types.js").Event} event */
export function deed({ kind, data }) {
  const what = data.what ? `: ${data.what}` : "";
  const why = data.reason || data.note;
  return `${KINDS[kind] ?? words(kind)}${what}${why ? ` (${why})` : ""}`;
}

const FIELDS = /** @type {Record<string, string>} */ ({
  name: "Name", goal: "Goal", say: "What to say", labels: "Labels", since_ms: "From", steps: "Route",
  reps: "Agents", queues: "Queues",
});

/** @param {string} name @param {any} value */
function shown(name, value) {
  if (name === "goal") return `${value.words}; ${measure(value)}`;
  if (name === "since_ms") return moment(value);
  if (name === "steps") return value.map((/** @type {any} */ step, /** @type {number} */ at) => `${at + 1}. ${step.what}`).join("  ");
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** The fields that an edit changed, as they were and are. @param {import("./flights-types.js").Event} event */
export function fieldChanges({ data }) {
  const after = data.to ?? {};
  return Object.keys(after).map((name) => ({
    name: FIELDS[name] ?? words(name),
    from: shown(name, data.from[name]) || "nothing",
    to: shown(name, after[name]) || "nothing",
  }));
}

/** @param {string} name */
export const fieldName = (name) => FIELDS[name] ?? words(name);
