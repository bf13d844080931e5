// @ts-check
/** The customer's conversation: what the server has of it, and the one message on its way. */
import { signal } from "../vendor/vendor.js";
import { ApiError, newKey, postJson } from "./api.js";
import { Feed } from "./feed.js";

/**
 * @typedef {{id:string,side:"customer"|"agent"|"automatic",text:string,at_ms:number}} Line
 * @typedef {{lines:Line[],standing:string,now_ms:number,last_event_id:string}} View
 */

const MESSAGES = "/api/v1/chat/messages";
/** Where it is night decides when we may write by ourselves. */
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
const LOST = "It could not be sent. What you wrote is still in the box: please send it again.";
/** Refusals that the customer can do something about are told in the server's own words. */
const TOLD = new Set(["wrong_field", "too_many_messages", "too_many_today", "no_chat", "too_large"]);

export const lines = signal(/** @type {Line[]} */ ([]));
export const standing = signal("");
export const sending = signal("");
export const problem = signal("");

/** The key of the newest try: the same words sent again are the same message, however often.
 * @param {string} text */
function keyOf(text) {
  if (kept("tried") !== text || !kept("key")) {
    keep("key", newKey());
    keep("tried", text);
  }
  return kept("key");
}

/** @param {View} view */
function show(view) {
  lines.value = view.lines;
  standing.value = view.standing;
}

export const feed = new Feed({
  snapshotUrl: "/api/v1/chat",
  streamUrl: "/api/v1/chat/stream",
  onSnapshot: /** @param {View} view */ (view) => show(view),
  handlers: { conversation: show },
});

/** @param {string} text @param {string} name @returns {Promise<boolean>} whether it was taken in */
export async function send(text, name) {
  sending.value = text;
  keep("sending", text);
  problem.value = "";
  try {
    show(await postJson(MESSAGES, { text, name, zone: ZONE }, keyOf(text)));
    keep("tried", "");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // a fault of ours: let it be seen
    problem.value = TOLD.has(error.code) ? error.message : LOST;
    return false;
  } finally {
    sending.value = "";
    keep("sending", "");
  }
}

const memory = /** @type {Map<string, string>} */ (new Map());

/** What was typed survives a reload of this tab, and goes with it. @param {string} what @returns {string} */
export function kept(what) {
  try {
    return memory.get(what) ?? sessionStorage.getItem(`hs.chat.${what}`) ?? "";
  } catch {
    return ""; // storage is forbidden
  }
}

/** @param {string} what @param {string} text */
export function keep(what, text) {
  memory.set(what, text);
  try {
    sessionStorage.setItem(`hs.chat.${what}`, text);
  } catch {
    // storage is full or forbidden: it is kept until a reload
  }
}

/** Both texts, the first one above. @param {string} first @param {string} second */
export const joined = (first, second) => [first, second].filter(Boolean).join("\n");
