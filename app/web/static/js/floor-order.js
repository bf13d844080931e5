// @ts-check
/** In which order the floor shows queues and agents: what needs somebody first. */

/** @typedef {import("./types.js").Queue} Queue */
/** @typedef {import("./types.js").FloorRep} FloorRep */

/** Share of the window that the longest wait has used. @param {Queue} queue @param {number} ageMs */
export function windowUsed(queue, ageMs) {
  if (queue.waiting === 0 || queue.window_s <= 0) return 0;
  return (queue.oldest_wait_s + ageMs / 1000) / queue.window_s;
}

/** @param {Queue} a @param {Queue} b */
function byRisk(a, b) {
  return b.breached - a.breached || b.at_risk - a.at_risk
    || windowUsed(b, 0) - windowUsed(a, 0) || b.waiting - a.waiting || a.title.localeCompare(b.title);
}

const STATE_ORDER = { available: 0, paused: 1, offline: 2 };

/** @param {FloorRep} a @param {FloorRep} b */
const byState = (a, b) => STATE_ORDER[a.state] - STATE_ORDER[b.state] || a.title.localeCompare(b.title);

/**
 * Sorted, unless somebody points at the rows: then they stay where they are.
 * @template {{name:string}} T
 * @param {T[]} items
 * @param {(a:T,b:T)=>number} compare
 * @param {string[]|null} held names in the order to keep
 */
function ordered(items, compare, held) {
  if (!held) return [...items].sort(compare);
  const place = (/** @type {T} */ item) => (held.indexOf(item.name) + 1 || held.length + 1);
  return [...items].sort((a, b) => place(a) - place(b));
}

/** @param {Queue[]} queues @param {string[]|null} held */
export const orderQueues = (queues, held) => ordered(queues, byRisk, held);
/** @param {FloorRep[]} reps @param {string[]|null} held */
export const orderReps = (reps, held) => ordered(reps, byState, held);
