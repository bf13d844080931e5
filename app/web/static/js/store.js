// @ts-check
/** What the desk knows: signals, and the only functions that change them. */
import { batch, computed, signal } from "../vendor/vendor.js";
import { serverNow } from "./clock.js";
import { follows, note as noteFlights } from "./desk-flights.js";
import { dropDraft } from "./drafts.js";
import { dismiss, notices, notify } from "./notices.js";

/** @typedef {import("./types.js").Card} Card */
export { dismiss, notices, notify };

export const me = signal(/** @type {import("./types.js").Me|null} */ (null));
export const offer = signal(/** @type {Card|null} */ (null));
export const tasks = signal(/** @type {Card[]} */ ([]));
/** Tasks that rest and come back to me, the next one first. */
export const parked = signal(/** @type {Card[]} */ ([]));
/** To whom a task can be handed on. */
export const colleagues = signal(/** @type {{name:string,title:string}[]} */ ([]));
export const allQueues = signal(/** @type {{name:string,title:string}[]} */ ([]));
export const queues = signal(/** @type {import("./types.js").Queue[]} */ ([]));
/** When the numbers of the queues were true, in server time. */
export const queuesAt = signal(0);
export const offerSeconds = signal(20);
export const selectedId = signal(/** @type {string|null} */ (null));
/** On narrow screens one pane is shown at a time. */
export const pane = signal(/** @type {"list"|"task"} */ ("list"));
export const drawerOpen = signal(false);
export const unread = signal(/** @type {Set<string>} */ (new Set()));
export const doneCount = signal(0);

export const selected = computed(
  () => tasks.value.find((task) => task.task_id === selectedId.value) ?? null,
);
/** The queues that feed me; a rep bound to no queue is fed by all. */
export const myQueues = computed(() => {
  const mine = queues.value.filter((queue) => me.value?.queues.includes(queue.name));
  return mine.length > 0 ? mine : queues.value;
});

/** Highest version seen of each task: what is older came late and is dropped. */
const seen = /** @type {Map<string, number>} */ (new Map());
let listHeld = false;

/** Rows never move under the pointer. @param {boolean} held */
export function holdList(held) {
  listHeld = held;
  if (!held) setTasks(tasks.value);
}

/** @param {Card[]} cards */
function setTasks(cards) {
  tasks.value = listHeld ? cards : [...cards].sort((a, b) => a.due_ms - b.due_ms);
}

/** @param {Card} card */
const saw = (card) => (noteFlights(card), seen.set(card.task_id, Math.max(card.version, seen.get(card.task_id) ?? 0)));
/** @param {Card} card */
const isOld = (card) => card.version < (seen.get(card.task_id) ?? 0);

/** @param {import("./types.js").DeskSnapshot} snapshot */
export function applySnapshot(snapshot) {
  batch(() => {
    me.value = snapshot.me;
    applyQueues(snapshot.queues);
    offerSeconds.value = snapshot.offer_seconds;
    offer.value = snapshot.offer;
    follows.value = snapshot.follows;
    setTasks(snapshot.tasks);
    parked.value = snapshot.parked;
    colleagues.value = snapshot.colleagues;
    allQueues.value = snapshot.all_queues;
    const offered = snapshot.offer ? [snapshot.offer] : [];
    for (const card of [...snapshot.tasks, ...snapshot.parked, ...offered]) saw(card);
    ensureSelection();
  });
}

/** @param {import("./types.js").Queue[]} list */
export function applyQueues(list) {
  queues.value = list;
  queuesAt.value = serverNow();
}

/** @param {Card} card */
export function applyOffer(card) {
  const known = seen.get(card.task_id) === card.version && offer.value?.task_id !== card.task_id;
  if (isOld(card) || known) return;
  saw(card);
  batch(() => {
    offer.value = card;
    unpark(card.task_id, card.version);
  });
}

/** @param {{task_id:string,why:string}} ended */
export function applyOfferEnded({ task_id: id, why }) {
  if (offer.value?.task_id !== id) return;
  offer.value = null;
  if (why === "timed_out") notify("warn", "Time ran out: that offer went back to its queue.");
  if (why === "rescinded") notify("info", "That offer was withdrawn.");
}

/** States in which a task is no longer on anybody's desk. */
const OVER = new Set(["completed", "cancelled", "queued"]);

/** A task rests: it leaves the desk and stands below it. @param {Card} card */
function applyParked(card) {
  if (isOld(card)) return;
  batch(() => {
    saw(card);
    removeTask(card.task_id);
    const others = parked.value.filter((task) => task.task_id !== card.task_id);
    parked.value = [...others, card].sort((a, b) => a.until_ms - b.until_ms);
  });
}

/** No longer parked, at this version or a later one. @param {string} id @param {number} version */
export function unpark(id, version) {
  parked.value = parked.value.filter((task) => task.task_id !== id || task.version > version);
}

/** @param {Card} card */
export function applyTask(card) {
  if (card.state === "parked") return applyParked(card);
  if (OVER.has(card.state)) return applyClosed(card);
  const open = tasks.value.some((task) => task.task_id === card.task_id);
  // closed here at this very version: a late event must not bring it back
  if (isOld(card) || (!open && seen.get(card.task_id) === card.version && isClosed(card))) return;
  batch(() => {
    saw(card);
    closed.delete(card.task_id);
    unpark(card.task_id, card.version);
    if (offer.value?.task_id === card.task_id) offer.value = null;
    setTasks([...tasks.value.filter((task) => task.task_id !== card.task_id), card]);
    if (!open) markUnread(card.task_id, true);
    ensureSelection();
  });
}

const closed = /** @type {Set<string>} */ (new Set());
/** @param {Card} card */
const isClosed = (card) => closed.has(card.task_id);

/** @param {string} id */
export function removeTask(id) {
  const index = tasks.value.findIndex((task) => task.task_id === id);
  if (index < 0) return;
  batch(() => {
    closed.add(id);
    tasks.value = tasks.value.filter((task) => task.task_id !== id);
    markUnread(id, false);
    if (selectedId.value !== id) return;
    selectedId.value = null;
    pane.value = "list";
    ensureSelection(index);
  });
}

/** Tasks that I am handing on myself. */
export const leaving = /** @type {Set<string>} */ (new Set());

/** Why a task left the desk though its agent did nothing. */
const WHY_CLOSED = /** @type {Record<string, string>} */ ({
  handed_on: "A task was taken back: it waits in its queue or with somebody else.",
  cancelled: "A supervisor has cancelled a task of yours.",
  no_first_reply: "A task went back to its queue: it had no first reply in time.",
  agent_left: "A task went back to its queue: you no longer take tasks here.",
  agent_gone: "A task went back to its queue while you were gone.",
});

/** @param {{task_id:string,why?:string}} event */
export function applyClosed({ task_id: id, why }) {
  const mine = tasks.value.some((task) => task.task_id === id) && !leaving.has(id);
  batch(() => {
    removeTask(id);
    unpark(id, Infinity);
    if (mine && why && WHY_CLOSED[why]) notify("warn", WHY_CLOSED[why]);
  });
  dropDraft(id);
}

/** Puts a task in place at once, before the server has said so. @param {Card} card */
export function putTask(card) {
  setTasks([...tasks.value.filter((task) => task.task_id !== card.task_id), card]);
}

/** Something is always open where there is something to open. @param {number} [near] */
function ensureSelection(near = 0) {
  if (selected.value || tasks.value.length === 0) return;
  selectedId.value = tasks.value[Math.min(near, tasks.value.length - 1)].task_id;
}

/** @param {string} id */
export function select(id) {
  batch(() => {
    selectedId.value = id;
    pane.value = "task";
    markUnread(id, false);
  });
}

/** @param {1|-1} step */
export function selectNext(step) {
  const list = tasks.value;
  if (list.length === 0) return;
  const index = list.findIndex((task) => task.task_id === selectedId.value);
  select(list[Math.max(0, Math.min(list.length - 1, index + step))].task_id);
}

/** @param {string} id @param {boolean} on */
export function markUnread(id, on) {
  const next = new Set(unread.value);
  if (on && id !== selectedId.value) next.add(id);
  else next.delete(id);
  unread.value = next;
}
