// @ts-check
/** A condition is checked while it is typed: what is wrong, and at which line and column. */
import { useEffect, useState } from "../vendor/vendor.js";
import { ApiError, postJson } from "./api.js";
import { ROOT } from "./rules-store.js";

/** @typedef {import("./rules-types.js").Placed} Placed */
/** @typedef {{state:"checking"|"good"|"bad"|"unknown",problems:Placed[]}} Checked */

const PAUSE_MS = 300; // after the last key: sooner, and every half word is called wrong

/** @type {Checked} */
const CHECKING = { state: "checking", problems: [] };

/** @param {string} message @returns {Placed} */
const unplaced = (message) => ({ message, file: "", row: "", key: "when", line: 0, column: 0 });

/** @param {string} when @param {string} on the event of the rule @returns {Promise<Checked>} */
async function ask(when, on) {
  if (!when.trim()) return { state: "bad", problems: [unplaced("expected a condition, got nothing")] };
  try {
    const { problems } = await postJson(`${ROOT}/check`, { when, on });
    return { state: problems.length ? "bad" : "good", problems };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const state = error.status === 422 ? "bad" : "unknown";
    return { state, problems: [unplaced(error.message)] };
  }
}

/** What is known of this condition by now. @param {string} when @param {string} on @returns {Checked} */
export function useChecked(when, on) {
  const [found, setFound] = useState(CHECKING);
  useEffect(() => {
    let over = false;
    setFound((now) => ({ ...now, state: "checking" }));
    const timer = setTimeout(async () => {
      const checked = await ask(when, on);
      if (!over) setFound(checked); // newer text has been typed meanwhile
    }, PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [when, on]);
  return found;
}

/** Where in the text this line and column are. @param {string} text @param {number} line @param {number} column */
export function offsetOf(text, line, column) {
  const before = text.split("\n").slice(0, Math.max(0, line - 1));
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + Math.max(0, column - 1));
}
