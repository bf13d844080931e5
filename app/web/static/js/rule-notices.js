// @ts-check
/** What rules tell me: a bell with a number, and the list behind it, until I have read it. */
import { html, signal } from "../vendor/vendor.js";
import { ApiError, postJson } from "./api.js";
import { now } from "./clock.js";
import { clockTime, count, nearTime, plural } from "./format.js";
import { Icon } from "./icon.js";
import { notify } from "./notices.js";
import { Dialog } from "./shell.js";
import { EVENTS, showTask } from "./task-rules.js";

/**
 * @typedef {{notice_id:string,audience:string,text:string,mention_id:string,task_id:string,
 *   rule:string,event:string,at_ms:number}} Told
 * @typedef {{unread:number,notices:Told[]}} News
 */

const news = signal(/** @type {News} */ ({ unread: 0, notices: [] }));
const open = signal(false);
/** What a screen reader says when something new has come. */
const spoken = signal("");
const sending = signal(false);
let known = /** @type {Set<string>|null} */ (null);

/** What the server knows to be unread; nothing where it could not be asked. @param {News|null} [found] */
export function applyNews(found) {
  if (!found) return;
  const fresh = found.notices.filter((one) => known && !known.has(one.notice_id));
  known = new Set([...(known ?? []), ...found.notices.map((one) => one.notice_id)]);
  news.value = found;
  if (fresh.length > 0) spoken.value = `${plural(fresh.length, "new notice")}: ${fresh[0].text}`;
}

/** @param {string[]} ids */
async function markRead(ids) {
  if (sending.value) return;
  sending.value = true;
  try {
    applyNews(await postJson("/api/v1/notices/read", { ids }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  } finally {
    sending.value = false;
  }
}

/** @param {{of:Told}} props */
const Line = ({ of }) => html`<li class="told" data-testid="told" data-notice-id=${of.notice_id}>
  <p class="told-text" dir="auto">${of.text}</p>
  <p class="muted told-about"><time dateTime=${new Date(of.at_ms).toISOString()} title=${clockTime(of.at_ms)}>${nearTime(of.at_ms, now.value)}</time>
    <span>${EVENTS[of.event] ?? of.event}</span><span>${of.rule ? `rule ${of.rule}` : "a rule"}</span></p>
  <div class="told-moves">
    <button type="button" class="button small" data-testid="told-show"
      onClick=${() => ((open.value = false), showTask(of.mention_id, of.task_id, of.event === "mention"))}>${of.task_id ? "Show the task" : "Show the mention"}</button>
    <button type="button" class="button small" data-testid="told-read" disabled=${sending.value}
      aria-label=${`Mark as read: ${of.text}`} onClick=${() => markRead([of.notice_id])}>Mark as read</button>
  </div>
</li>`;

function List() {
  const { unread, notices } = news.value;
  return html`<div class="dialog-head"><h2>Notices</h2>
      <button class="icon-button" type="button" aria-label="Close" onClick=${() => (open.value = false)}><${Icon} name="x" /></button></div>
    ${notices.length === 0
      ? html`<p class="muted" data-testid="told-none">You have read everything that rules told you.</p>`
      : html`<ul class="told-list">${notices.map((one) => html`<${Line} key=${one.notice_id} of=${one} />`)}</ul>
        ${unread > notices.length && html`<p class="muted">The newest ${count(notices.length)} of ${count(unread)} are shown.</p>`}
        <div class="ask-actions"><button type="button" class="button" data-testid="told-read-all" disabled=${sending.value}
          onClick=${() => markRead(notices.map((one) => one.notice_id))}>Mark these ${count(notices.length)} as read</button></div>`}`;
}

/** The bell of the top bar, with the list that it opens. */
export function NoticeBell() {
  const { unread } = news.value;
  const label = unread > 0 ? plural(unread, "unread notice") : "No unread notices";
  return html`<button type="button" class="icon-button bell" data-testid="bell" data-unread=${unread > 0} title=${label}
      aria-label=${label} aria-haspopup="dialog" onClick=${() => (open.value = true)}><${Icon} name="bell" />
      ${unread > 0 && html`<span class="bell-count" aria-hidden="true" data-testid="bell-count">${unread > 99 ? "99+" : unread}</span>`}</button>
    <span class="sr-only" aria-live="polite" data-testid="told-spoken">${spoken.value}</span>
    <${Dialog} open=${open.value} onClose=${() => (open.value = false)} label="Notices"><${List} /><//>`;
}
