// @ts-check
/** Changes of a draft: each names the edit that was seen, and can be taken back. */
import { batch, signal } from "../vendor/vendor.js";
import { ApiError, editJson, postJson } from "./api.js";
import { notify } from "./notices.js";
import { adopt, busy, draft, draftPath, me, opened, overview, refresh, ROOT, showDraft } from "./rules-store.js";

/** @typedef {import("./rules-types.js").Draft} Draft */
/** @typedef {import("./rules-types.js").Row} Row */

/** The last change, and the texts from before it. */
const last = signal(/** @type {{what:string,texts:Record<string,string>,edit:number}|null} */ (null));

/** My newest draft, or a new one of the live rules. */
export async function startEditing() {
  const mine = overview.value?.drafts.find((one) => one.made_by === me);
  if (mine) return guarded(() => showDraft(mine.id));
  return guarded(async () => {
    const made = await postJson(`${ROOT}/drafts`, { title: `Draft of ${me}` });
    await showDraft(made.id);
    await refresh();
  });
}

/** Runs it, and tells what went wrong in the corner. @param {() => Promise<void>} work */
export async function guarded(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  }
}

/**
 * Sends one change of the draft. Returns what was wrong, or nothing.
 * @param {string} what as the notice says it: `Saved danger`
 * @param {"POST"|"PUT"|"DELETE"} method @param {string} path below the draft @param {object} body
 * @returns {Promise<string>}
 */
export async function change(what, method, path, body) {
  const seen = draft.value;
  if (!seen || busy.value) return "";
  busy.value = true;
  try {
    const made = /** @type {Draft} */ (await editJson(method, `${draftPath(seen.id)}${path}`, body, seen.edit));
    batch(() => {
      draft.value = made;
      last.value = { what, texts: seen.texts, edit: made.edit };
    });
    notify("info", `${what}.`, undo, "Undo");
    return "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return await refused(error);
  } finally {
    busy.value = false;
  }
}

/** @param {ApiError} error */
async function refused(error) {
  const stale = error.code === "stale_draft";
  if (stale || error.unknown) await guarded(adopt);
  if (stale) return "Somebody has changed this draft meanwhile; above the table you see what. Your text is kept: look, then save again.";
  if (error.unknown) return `${error.message} Look whether it was saved, then try again.`;
  const told = error.errors.map((one) => one.message ?? `${one.field}: expected ${one.expected}, got ${one.got}`);
  return told.length ? told.join("; ") : error.message;
}

/** Takes the last change back, unless somebody has changed the draft since. */
export async function undo() {
  const [known, now] = [last.value, draft.value];
  if (!known || !now) return;
  if (known.edit !== now.edit) {
    last.value = null;
    return notify("warn", "The draft has been changed since: nothing was undone.");
  }
  const problem = await change(`Undone: ${known.what}`, "PUT", "", { texts: known.texts });
  if (problem) notify("error", problem);
}

/** @param {string} id */
const rowPath = (id) => `/rows/${encodeURIComponent(id)}`;

/** What is sent of a row: neither its file nor its kind. @param {Row} row */
const sent = (row) => Object.fromEntries(Object.entries(row).filter(([key]) => key !== "file" && key !== "kind"));

/** @param {string} id as it is now @param {Row} row */
export const saveRow = (id, row) => change(`Saved ${row.id}`, "PUT", rowPath(id), { row: sent(row) });

/** @param {Row} row @param {{file:string,before:string,after:string}} place */
export const insertRow = (row, place) =>
  change(`Added ${row.id}`, "POST", "/rows", { row: sent(row), kind: row.kind, ...place });

/** @param {string} id */
export async function deleteRow(id) {
  const problem = await change(`Deleted ${id}`, "DELETE", rowPath(id), {});
  if (!problem) opened.value = null;
  return problem;
}

/** One place up or down among its kind in its file. @param {Row} row @param {-1|1} by */
export async function moveRow(row, by) {
  const mates = (draft.value?.rows ?? []).filter((one) => one.file === row.file && one.kind === row.kind);
  const other = mates[mates.findIndex((one) => one.id === row.id) + by];
  if (!other) return "";
  const place = by < 0 ? { before: other.id } : { after: other.id };
  return change(`Moved ${row.id}`, "POST", `${rowPath(row.id)}/move`, place);
}

/** @param {string} file @param {string} text */
export const saveText = (file, text) =>
  change(`Saved ${file}`, "PUT", "", { texts: { ...draft.value?.texts, [file]: text } });

/** The draft counts as made from the version that is live now. @param {number} number */
export const rebase = (number) => change(`Based on version ${number}`, "PUT", "", { based_on: number });

export function throwAway() {
  const seen = draft.value;
  if (!seen) return;
  return guarded(async () => {
    await editJson("DELETE", draftPath(seen.id), {}, seen.edit);
    notify("info", "The draft is thrown away.");
    await refresh();
  });
}
