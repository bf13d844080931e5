// @ts-check
/** What the page /flights knows: the list, the flight that is looked at, the form that is open. */
import { batch, signal } from "../vendor/vendor.js";
import { ApiError, getJson, postJson } from "./api.js";
import { Feed } from "./feed.js";
import { notify } from "./notices.js";

/** @typedef {import("./flights-types.js").Flight} Flight */
/** @typedef {import("./flights-types.js").Overview} Overview */

export const ROOT = "/api/v1/flights";
export const me = document.body.dataset.user ?? "";

export const overview = signal(/** @type {Overview|null} */ (null));
export const shown = signal(/** @type {Flight|null} */ (null));
/** The form that is open: for a new flight, or on one as it was when the form was opened. */
export const form = signal(/** @type {null|{of:Flight|null}} */ (null));
export const choices = signal(/** @type {import("./flights-types.js").Choices|null} */ (null));
/** A tick or another move of mine is on its way. */
export const busy = signal(false);

/** @param {string} id @param {string} [verb] */
export const pathOf = (id, verb) => `${ROOT}/${encodeURIComponent(id)}${verb ? `/${verb}` : ""}`;

const AGAIN_MS = 5_000; // so old may be where the tasks of a flight stand: each change of theirs is no change of the flight
let wanted = "";

/** @param {Overview} data */
function apply(data) {
  overview.value = data;
  const mine = shown.value;
  const id = wanted || data.open[0]?.id || data.closed[0]?.id;
  if (!id) return;
  const head = [...data.open, ...data.closed].find((one) => one.id === id);
  const same = mine && head && mine.id === id && ["version", "mentions", "tasks", "open"].every(
    (name) => /** @type {any} */ (mine)[name] === /** @type {any} */ (head)[name]);
  if (!same) void look(id);
}

export const feed = new Feed({
  snapshotUrl: ROOT,
  streamUrl: "/api/v1/stream?view=flights",
  onSnapshot: apply,
  handlers: { flights: apply },
});

/** Reads a flight whole; an older answer never takes the place of a newer one. @param {string} id @param {boolean} [quiet] */
async function look(id, quiet = false) {
  wanted = id;
  try {
    const found = /** @type {Flight} */ (await getJson(pathOf(id)));
    if (wanted === id) keep(found);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (wanted === id && error.code === "unknown_flight") {
      wanted = ""; // an old address: what there is is shown instead
      const first = overview.value?.open[0] ?? overview.value?.closed[0];
      if (first && first.id !== id) void look(first.id);
    }
    if (!quiet && error.status !== 0 && error.status !== 401) notify("error", error.message);
  }
}

/** @param {Flight} found */
export function keep(found) {
  if (shown.value?.id === found.id && shown.value.version > found.version) return;
  batch(() => {
    wanted = found.id;
    shown.value = found;
  });
}

/** @param {string} id */
export function select(id) {
  if (location.hash !== `#${id}`) history.replaceState(null, "", `#${id}`);
  form.value = null;
  return look(id);
}

/** @param {1|-1} step */
export function selectNext(step) {
  if (form.value) return; // what is typed there would be gone
  const all = [...(overview.value?.open ?? []), ...(overview.value?.closed ?? [])];
  const at = all.findIndex((one) => one.id === shown.value?.id);
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (next) void select(next.id);
}

/** One move on the flight that is looked at. @param {string} verb @param {object} body @param {string} [key] */
export async function move(verb, body, key) {
  const flight = shown.value;
  if (!flight) return;
  keep(await postJson(pathOf(flight.id, verb), body, key));
}

/** A move without a dialog: what was refused is told in the corner. @param {string} verb @param {object} body */
export async function moveNow(verb, body) {
  if (busy.value) return;
  busy.value = true;
  try {
    await move(verb, body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
    if (shown.value) void look(shown.value.id);
  } finally {
    busy.value = false;
  }
}

export async function openForm(/** @type {Flight|null} */ of) {
  try {
    choices.value = await getJson(`${ROOT}/choices`);
    form.value = { of };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  }
}

/** Where its tasks stand now, while somebody looks. */
function again() {
  const flight = shown.value;
  if (flight?.state === "open" && wanted === flight.id && !form.value && !document.hidden) void look(flight.id, true);
}

/** Begins with the flight that the address names. */
export function start() {
  const named = () => location.hash.slice(1);
  addEventListener("hashchange", () => named() && void select(named()));
  wanted = named();
  setInterval(again, AGAIN_MS);
  feed.start();
}
