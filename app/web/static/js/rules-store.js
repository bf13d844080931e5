// @ts-check
/** What the page /rules knows: the live version, one draft, what is open, what a try found. */
import { batch, computed, signal } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";
import { compare, countOf } from "./rules-compare.js";

/** @typedef {import("./rules-types.js").Draft} Draft */
/** @typedef {import("./rules-types.js").Row} Row */
/** @typedef {import("./rules-types.js").Overview} Overview */
/** @typedef {import("./rules-types.js").Version} Version */
/** What is open in the table: a row, a new one at its place, or a whole file as text.
 * @typedef {{what:"row",id:string}|{what:"new",file:string,kind:string,before:string,after:string}|
 *   {what:"text",file:string}} Opened */

export const ROOT = "/api/v1/rules";
export const me = document.body.dataset.user ?? "";
export const canWrite = ["supervisor", "admin"].includes(document.body.dataset.role ?? "");

export const overview = signal(/** @type {Overview|null} */ (null));
export const live = signal(/** @type {Version|null} */ (null));
export const draft = signal(/** @type {Draft|null} */ (null));
export const showing = signal(/** @type {"live"|"draft"} */ ("live"));
export const opened = signal(/** @type {Opened|null} */ (null));
export const filter = signal("");
/** A change of mine is on its way. */
export const busy = signal(false);
export const queues = signal(/** @type {{name:string,title:string}[]} */ ([]));
/** Somebody else has changed the draft that is open here: who, when and what. */
export const elsewhere = signal(
  /** @type {{by:string,at:number,changes:import("./rules-types.js").Changes}|null} */ (null));

/** The rules that the table shows. */
export const sheet = computed(() => (showing.value === "draft" && draft.value) || live.value);
/** Whether what is shown can be changed here. */
export const editable = computed(() => canWrite && showing.value === "draft" && draft.value !== null);
/** What the draft changes against the live version. */
export const changes = computed(() => compare(live.value?.rows ?? [], draft.value?.rows ?? live.value?.rows ?? []));

/** @param {string} id */
export const draftPath = (id) => `${ROOT}/drafts/${encodeURIComponent(id)}`;
/** @param {string} name */
export const queueTitle = (name) => queues.value.find((queue) => queue.name === name)?.title ?? name;

/** Reads what everybody sees; a new live version is read with its rows. */
export async function refresh() {
  const found = /** @type {Overview} */ (await getJson(ROOT));
  const number = found.live.number;
  const rules = live.value?.number === number ? live.value : await getJson(`${ROOT}/versions/${number}`);
  const mine = draft.value;
  const head = found.drafts.find((one) => one.id === mine?.id);
  batch(() => {
    overview.value = found;
    live.value = rules;
    if (mine && !head) gone(mine.id);
  });
  if (!mine || !head) return;
  if (head.edit > mine.edit && draft.value === mine && !busy.value) await adopt();
}

/** The draft was published or thrown away, here or elsewhere. @param {string} id */
function gone(id) {
  if (draft.value?.id !== id) return;
  batch(() => {
    draft.value = null;
    showing.value = "live";
    opened.value = null;
    elsewhere.value = null;
  });
}

/** Reads my draft again because somebody else has changed it, and says what they changed. */
export async function adopt() {
  const mine = draft.value;
  if (!mine) return;
  try {
    const found = /** @type {Draft} */ (await getJson(draftPath(mine.id)));
    if (found.edit <= (draft.value?.edit ?? 0)) return;
    const told = compare(mine.rows, found.rows);
    batch(() => {
      draft.value = found;
      if (countOf(told) > 0) elsewhere.value = { by: found.changed_by, at: found.changed_ms, changes: told };
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "unknown_draft") gone(mine.id);
    else throw error;
  }
}

const SHOWN = `hs.rules.${me}.shown`;

/** The draft that this window showed before it was loaded again. */
export const lastShown = () => sessionStorage.getItem(SHOWN);

/** @param {string} id */
export async function showDraft(id) {
  const found = await getJson(draftPath(id));
  sessionStorage.setItem(SHOWN, id);
  batch(() => {
    draft.value = found;
    showing.value = "draft";
    elsewhere.value = null;
    if (opened.value?.what !== "row") opened.value = null; // a row that is looked at stays open
  });
}

export function showLive() {
  sessionStorage.removeItem(SHOWN);
  batch(() => {
    showing.value = "live";
    opened.value = null;
  });
}

export async function loadQueues() {
  queues.value = await getJson("/api/v1/queues");
}

/** Rows by id, of the draft or the live version. @param {string} id @returns {Row|undefined} */
export const rowById = (id) => sheet.value?.rows.find((row) => String(row.id ?? "") === id);
