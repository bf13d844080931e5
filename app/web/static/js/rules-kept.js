// @ts-check
/** What somebody types into a row and has not saved yet, kept in this browser. */

import { signal } from "../vendor/vendor.js";

const user = document.body.dataset.user ?? "";
const KEEP_MS = 7 * 86_400_000; // a week: then nobody remembers what it was for
const ROOT = `hs.rules.${user}.`;

/** @param {string} draftId @param {string} slot */
const keyOf = (draftId, slot) => `${ROOT}${draftId}.${slot}`;

/** Moves when something begins or ends to be unsaved, so that marks are drawn again. */
const moved = signal(0);

/** @param {string} name @returns {any} */
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null; // somebody else's value under our name
  }
}

/** @param {string} draftId @param {string} slot @returns {any} */
export const readKept = (draftId, slot) => read(keyOf(draftId, slot))?.value ?? null;

/** @param {string} draftId @param {string} slot @param {any} value */
export function keep(draftId, slot, value) {
  const name = keyOf(draftId, slot);
  const first = localStorage.getItem(name) === null;
  try {
    localStorage.setItem(name, JSON.stringify({ value, at: Date.now() }));
    if (first) moved.value += 1;
  } catch {
    // storage full or forbidden: the text is still in the form
  }
}

/** @param {string} draftId @param {string} slot */
export function dropKept(draftId, slot) {
  localStorage.removeItem(keyOf(draftId, slot));
  moved.value += 1;
}

/** The slots of a draft with something unsaved. @param {string} draftId */
export function keptSlots(draftId) {
  void moved.value;
  const root = keyOf(draftId, "");
  return Object.keys(localStorage).filter((name) => name.startsWith(root)).map((name) => name.slice(root.length));
}

/** Forgets what is too old to matter. */
export function sweepKept() {
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith("hs.rules."))) {
    if (Date.now() - (read(name)?.at ?? 0) > KEEP_MS) localStorage.removeItem(name);
  }
}
