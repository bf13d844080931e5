// @ts-check
/** What an agent can do at the desk: shown at once, confirmed by the server, undone if refused. */
import { batch, signal } from "../vendor/vendor.js";
import { ApiError, newKey, postJson, readOnly, taskPath } from "./api.js";
import { serverNow } from "./clock.js";
import { dropDraft } from "./drafts.js";
import { words } from "./format.js";
import { isTyping } from "./keys.js";
import * as store from "./store.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {{text:string,retry?:()=>void}} Failure */

/** What went wrong with a task's last action, by task. */
export const failures = signal(/** @type {Record<string, Failure>} */ ({}));
/** Tasks with an action on its way. */
export const busy = signal(/** @type {Set<string>} */ (new Set()));

/** @param {string} id @param {Failure} [failure] */
function setFailure(id, failure) {
  const { [id]: _, ...rest } = failures.value;
  failures.value = failure ? { ...rest, [id]: failure } : rest;
}

/** @param {string} id @param {boolean} on */
function setBusy(id, on) {
  const next = new Set(busy.value);
  if (on) next.add(id);
  else next.delete(id);
  busy.value = next;
}

/**
 * Sends one action; a second press while it is under way does nothing.
 * @param {string} id
 * @param {() => Promise<void>} send
 * @param {(error: ApiError) => void} undo
 */
export async function act(id, send, undo) {
  if (busy.value.has(id)) return;
  setBusy(id, true);
  setFailure(id);
  try {
    await send();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    batch(() => undo(error));
  } finally {
    setBusy(id, false);
  }
}

/** Taken by somebody else, expired, closed: it is not mine to show any more. */
const GONE = new Set(["taken", "expired", "not_yours", "unknown_task"]);

export function accept(key = newKey()) {
  const card = store.offer.value;
  if (!card || readOnly.value) return;
  const typing = isTyping(document.activeElement);
  const before = store.selectedId.value;
  batch(() => {
    store.offer.value = null;
    store.putTask({ ...card, state: "accepted", pending: true });
    if (typing) store.markUnread(card.task_id, true); // never take the page from under their hands
    else store.select(card.task_id);
  });
  void act(
    card.task_id,
    async () => store.applyTask(await postJson(taskPath(card.task_id, "accept"), {}, key)),
    (error) => acceptFailed(card, before, error, key),
  );
}

/** @param {Card} card @param {string|null} before @param {ApiError} error @param {string} key */
function acceptFailed(card, before, error, key) {
  if (confirmed(card)) {
    // mine after all: the answer was lost, or another window of mine was faster
    if (!error.unknown) store.notify("info", "You have already taken this task in another window.");
    return;
  }
  const open = store.selectedId.value === card.task_id;
  store.removeTask(card.task_id);
  if (open) store.selectedId.value = before; // back to what was open
  const alive = error.unknown && card.expires_ms > serverNow();
  if (alive) store.offer.value = card;
  store.notify("error", error.message, alive ? () => accept(key) : undefined);
}

export function decline(key = newKey()) {
  const card = store.offer.value;
  if (!card || readOnly.value) return;
  store.offer.value = null;
  void act(
    card.task_id,
    async () => {
      await postJson(taskPath(card.task_id, "reject"), { reason: "declined at the desk" }, key);
      store.notify("info", "Declined. It goes to the next agent.");
    },
    (error) => {
      const alive = error.unknown && card.expires_ms > serverNow();
      if (alive) store.offer.value = card;
      store.notify("error", error.message, alive ? () => decline(key) : undefined);
    },
  );
}

/**
 * @param {Card} task
 * @param {string} text
 * @param {() => void} restore gives the text back to the composer
 */
export function reply(task, text, restore, key = newKey()) {
  const id = task.task_id;
  store.putTask({ ...task, reply: { text, at_ms: serverNow() }, pending: true });
  void act(
    id,
    async () => {
      store.applyTask(await postJson(taskPath(id, "reply"), { text }, key));
      dropDraft(id);
    },
    (error) => {
      if (GONE.has(error.code)) return lost(task, error);
      if (confirmed(task)) return;
      store.putTask(task);
      restore();
      const again = error.unknown ? key : newKey();
      setFailure(id, { text: error.message, retry: () => reply(task, text, restore, again) });
    },
  );
}

/** The stream may have told us of the success whose answer was lost. @param {Card} task */
function confirmed(task) {
  const current = store.tasks.value.find((other) => other.task_id === task.task_id);
  return current !== undefined && current.version > task.version;
}

/** @param {Card} task @param {string} code */
export function complete(task, code, key = newKey()) {
  const id = task.task_id;
  void act(
    id,
    async () => {
      await postJson(taskPath(id, "complete"), { code, note: "" }, key);
      batch(() => {
        store.applyClosed({ task_id: id });
        store.doneCount.value += 1;
        store.notify("info", `Completed: ${words(code).toLowerCase()}.`);
      });
    },
    (error) => refused(task, error, (again) => complete(task, code, again), key),
  );
}

/**
 * The task is gone, or it stays with the reason and another try.
 * @param {Card} task @param {ApiError} error @param {(key:string) => void} again @param {string} key
 */
export function refused(task, error, again, key) {
  if (GONE.has(error.code)) return lost(task, error);
  const next = error.unknown ? key : newKey();
  setFailure(task.task_id, { text: error.message, retry: () => again(next) });
}

/** @param {Card} task @param {ApiError} error */
export function lost(task, error) {
  store.removeTask(task.task_id);
  store.notify("error", error.message);
}

/** @param {import("./types.js").RepState} state */
export async function setState(state) {
  const before = store.me.value;
  if (!before || before.state === state || readOnly.value) return;
  store.me.value = { ...before, state, reason: "", since_ms: serverNow() };
  try {
    store.me.value = await postJson("/api/v1/me/state", { state });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    store.me.value = before;
    store.notify("error", error.message, () => setState(state));
  }
}

export function toggleState() {
  void setState(store.me.value?.state === "available" ? "paused" : "available");
}

