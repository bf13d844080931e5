// @ts-check
/** Drafts of replies, one a task, kept in this browser until they are sent. */

const KEEP_MS = 7 * 86_400_000; // a week: then nobody comes back to that task
const user = document.body.dataset.user ?? "";

/** @param {string} id */
const storeKey = (id) => `hs.draft.${user}.${id}`;

/** @param {string} id */
export function readDraft(id) {
  try {
    return JSON.parse(localStorage.getItem(storeKey(id)) ?? "{}").text ?? "";
  } catch {
    return ""; // somebody else's value under our name
  }
}

/** @param {string} id @param {string} text */
export function writeDraft(id, text) {
  if (!text) return dropDraft(id);
  try {
    localStorage.setItem(storeKey(id), JSON.stringify({ text, at: Date.now() }));
  } catch {
    // storage full or forbidden: the text is still in the field
  }
}

/** @param {string} id */
export function dropDraft(id) {
  localStorage.removeItem(storeKey(id));
}

/** Forgets what is too old to matter. */
export function sweepDrafts() {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("hs.draft."))) {
    let at = 0;
    try {
      at = JSON.parse(localStorage.getItem(key) ?? "{}").at ?? 0;
    } catch {
      // unreadable counts as old
    }
    if (Date.now() - at > KEEP_MS) localStorage.removeItem(key);
  }
}
