// @ts-check
/** What a try found: which rows fired, which did not hold, which were not asked. */
import { batch, effect, signal } from "../vendor/vendor.js";
import { ApiError, getJson, postJson } from "./api.js";
import { draft, live, ROOT, showing } from "./rules-store.js";

/** @typedef {import("./rules-types.js").Decision} Decision */
/** @typedef {import("./rules-types.js").Said} Said */
/** @typedef {{mention_id:string}|{mention:Record<string, any>}} Asked */

export const RESULTS = /** @type {Record<string, ["met"|"late"|"off", string]>} */ ({
  hit: ["met", "fired"],
  miss: ["off", "did not hold"],
  error: ["late", "failed"],
  not_reached: ["off", "not asked"],
});

/** What is tried, for as long as somebody looks at it. */
export const asked = signal(/** @type {Asked|null} */ (null));
export const found = signal(/** @type {{decision:Decision,values:Record<string, any>,untold:string[],rules:import("./rules-types.js").Explained[]}|null} */ (null));
export const failure = signal("");
export const recent = signal(/** @type {Said[]} */ ([]));
let round = 0;

/** @param {string} id */
export const resultOf = (id) => found.value?.decision.trace.find((one) => one.rule === id);

/** Asks the rules that the table shows. @param {Asked} what */
async function run(what) {
  round += 1;
  const mine = round;
  const rules = showing.value === "draft" && draft.value ? { draft_id: draft.value.id } : {};
  try {
    const told = await postJson(`${ROOT}/try`, { ...rules, ...what });
    if (mine === round) batch(() => ((found.value = told), (failure.value = "")));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const [first] = error.errors;
    const where = first?.file ? ` ${first.file}${first.line ? `:${first.line}` : ""}: ${first.message}` : "";
    if (mine === round) batch(() => ((found.value = null), (failure.value = `${error.message}.${where}`.replace("..", "."))));
  }
}

/** @param {Asked} what */
export function tryOn(what) {
  asked.value = what;
}

export function clearTry() {
  round += 1;
  batch(() => ((asked.value = null), (found.value = null), (failure.value = "")));
}

export async function loadRecent() {
  recent.value = await getJson(`${ROOT}/mentions`);
}

// what is shown has changed, or other rules are shown: ask them
effect(() => {
  const what = asked.value;
  void [showing.value, draft.value?.edit, draft.value?.id, live.value?.number];
  if (what) void run(what);
});
