// @ts-check
/** Short messages in the corner: what happened, and what can be done about it. */
import { signal } from "../vendor/vendor.js";

/**
 * @typedef {{id:number,kind:"info"|"warn"|"error",text:string,retry?:()=>void,label:string}} Notice
 */

const NOTICE_MS = 6_000; // long enough to read a sentence twice
const ERROR_MS = 20_000;

export const notices = signal(/** @type {Notice[]} */ ([]));
let noticeId = 0;

/** @param {Notice["kind"]} kind @param {string} text @param {() => void} [retry] @param {string} [label] */
export function notify(kind, text, retry, label = "Retry") {
  noticeId += 1;
  const id = noticeId;
  notices.value = [...notices.value.slice(-2), { id, kind, text, retry, label }];
  setTimeout(() => dismiss(id), kind === "error" ? ERROR_MS : NOTICE_MS);
}

/** @param {number} id */
export function dismiss(id) {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
