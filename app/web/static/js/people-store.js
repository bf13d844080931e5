// @ts-check
/** What the page of people knows: pairs to decide, whom somebody looks for, who is shown. */
import { signal } from "../vendor/vendor.js";
import { ApiError, getJson, newKey, postJson } from "./api.js";
import { notify } from "./notices.js";
import { Poll } from "./poll.js";

/**
 * @typedef {{field:string,level:string,bits:number,ours:string,theirs:string}} Evidence
 * @typedef {{node:string,person:string,name:string,tier:string,known:boolean,handle_keys:string[]}} Side
 * @typedef {{pair:string,a:Side,b:Side,confidence:number,score:number,why:string,evidence:Evidence[],
 *   against:[string,string][],since_ms:number}} Pair
 * @typedef {{seq:number,kind:string,a:string,b:string,at_ms:number,by:string,role:string,of:number,
 *   data:{reason?:string,why?:string,confidence?:number,evidence?:Evidence[]}}} Deed
 * @typedef {{node:string,kind:string,id:string,known:Record<string,string>,keys:string[],strong:string[],too_common:string[]}} Node
 * @typedef {{id:string,name:string,profile:any,nodes:Node[],handle_keys:string[],joins:Deed[],events:Deed[],apart:string[],
 *   reviews:any[],history:{fact_id:string,handle_key:string,kind:string,channel:string,at_ms:number,by:string,text:string}[]|null}} Person
 */

const ROOT = "/api/v1/identity";
const EVERY_MS = 5_000;

/** Who may decide; the server checks it again. */
export const canDecide = ["supervisor", "analyst", "admin"].includes(document.body.dataset.role ?? "");

export const pairs = signal(/** @type {Pair[]} */ ([]));
export const waiting = signal(0);
export const chosen = signal("");
export const person = signal(/** @type {Person|null} */ (null));
export const found = signal(/** @type {Side[]|null} */ (null));
export const sending = signal(false);

async function ask() {
  const answer = await getJson(`${ROOT}/reviews`);
  pairs.value = answer.reviews;
  waiting.value = answer.open;
}
export const poll = new Poll(ask, () => EVERY_MS);

/** The pair on the screen: the chosen one, else the surest. */
export const shownPair = () => pairs.value.find((pair) => pair.pair === chosen.value) ?? pairs.value[0] ?? null;

/** @param {number} step */
export function selectNext(step) {
  const all = pairs.value;
  const at = all.findIndex((pair) => pair.pair === shownPair()?.pair);
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  if (next) choosePair(next.pair);
}

/** @param {string} pair */
export function choosePair(pair) {
  chosen.value = pair;
  close();
}

/** @param {"join"|"apart"|"unjoin"} what @param {object} body @param {string} key */
export const tell = (what, body, key) => postJson(`${ROOT}/${what}`, body, key);

/** Decides the pair on the screen at once; who is asked for a reason gets the dialog instead.
 * @param {"join"|"apart"} what @param {(pair:Pair)=>void} askReason */
export async function decide(what, askReason) {
  const pair = shownPair();
  if (!pair || sending.value || !canDecide || person.value) return;
  sending.value = true;
  try {
    await tell(what, { a: pair.a.node, b: pair.b.node }, newKey());
    decided(what, pair);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "reason_needed") askReason(pair);
    else {
      notify("error", error.message);
      await poll.once();
    }
  } finally {
    sending.value = false;
  }
}

/** @param {"join"|"apart"} what @param {Pair} pair */
export function decided(what, pair) {
  pairs.value = pairs.value.filter((one) => one.pair !== pair.pair);
  notify("info", what === "join" ? `${pair.a.name} is one person now.` : "Remembered: they are not the same.");
  void poll.once();
}

/** @param {string} text */
export async function find(text) {
  if (!text.trim()) return void (found.value = null);
  try {
    found.value = (await getJson(`/api/v1/people?find=${encodeURIComponent(text.trim())}`)).people;
    if (found.value?.length === 1) await open(found.value[0].node);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  }
}

/** Shows a person; their address can be passed on. @param {string} node */
export async function open(node) {
  try {
    person.value = await getJson(`/api/v1/people/${encodeURIComponent(node)}`);
    history.replaceState(null, "", `#${encodeURIComponent(node)}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  }
}

export function close() {
  person.value = null;
  history.replaceState(null, "", location.pathname);
}

export function start() {
  const node = decodeURIComponent(location.hash.slice(1));
  if (node) void open(node);
  void poll.start();
}
