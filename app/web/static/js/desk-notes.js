// @ts-check
/** What is special about a task: who assigned or handed it on, for whom it is kept, which clocks run beside. */
import { html } from "../vendor/vendor.js";
import { now } from "./clock.js";
import { duration, nearTime, words } from "./format.js";
import { me } from "./store.js";

/** @typedef {import("./types.js").Card} Card */

const BY_ITSELF = /** @type {Record<string, string>} */ ({
  no_first_reply: "there was no first reply in time",
  agent_gone: "the agent was gone",
  agent_left: "the agent has left",
});
const LOST_BEFORE_US_MS = 60_000; // below a minute the way from the channel to us is nobody's concern

/** How much later than it was written it came to us, in ms; 0 where that is nothing. @param {Card} task */
export function lostBeforeUs({ mention }) {
  const lost = Date.parse(mention.detected_at ?? "") - Date.parse(mention.posted_at ?? "");
  return lost > LOST_BEFORE_US_MS ? lost : 0;
}

/** "billing:2" is level 2 of billing. @param {string} skill */
function skillText(skill) {
  const [name, level] = skill.split(":");
  return level && level !== "1" ? `${words(name)} level ${level}` : words(name);
}

/** Skills of the task that I lack: it waited so long that they are waived. @param {Card} task */
function waived(task) {
  const mine = new Map((me.value?.skills ?? []).map((skill) => {
    const [name, level] = skill.split(":");
    return [name, Number(level ?? 1)];
  }));
  return task.skills.filter((skill) => {
    const [name, level] = skill.split(":");
    return (mine.get(name) ?? 0) < Number(level ?? 1);
  });
}

/** What the users' rules say to whoever takes it. @param {Card} task @returns {{id:string,text:any}[]} */
function adviceOf({ advice }) {
  const found = [];
  const labels = advice?.labels ?? [];
  if (labels.length > 0) {
    found.push({ id: "labels", text: html`Labels: ${labels.map((label) => html`<span class="tag plain" key=${label}>${words(label)}</span> `)}` });
  }
  if (advice?.macro) found.push({ id: "macro", text: html`Proposed macro: <bdi>${words(advice.macro)}</bdi>` });
  return found;
}

/** @param {Card} task @returns {{id:string,text:any}[]} */
function notesOf(task) {
  const found = [];
  if (task.assigned) {
    const { by, reason } = task.assigned;
    found.push({ id: "assigned", text: html`Assigned to you by <bdi>${by}</bdi>: <bdi>${reason}</bdi>` });
  }
  const handed = task.handed_on;
  if (handed) {
    const why = BY_ITSELF[handed.reason] ?? handed.reason;
    found.push({ id: "handed-on", text: handed.by.startsWith("rule:") ? html`<bdi>${handed.reason}</bdi>` : html`Handed on by <bdi>${handed.by === me.value?.name ? "you" : handed.by}</bdi>: <bdi>${why}</bdi>` });
  }
  if (task.for_rep && task.for_rep === me.value?.name) found.push({ id: "kept", text: "Kept for you" });
  if (task.clock === "next_response") {
    found.push({ id: "follow-up", text: "Follow-up: the customer has written again" });
  }
  const missing = waived(task);
  if (missing.length > 0) {
    const named = missing.map(skillText).join(", ");
    found.push({ id: "waived", text: `It waited long: you may take it without ${named}` });
  }
  if (me.value && me.value.queues.length > 0 && !me.value.queues.includes(task.queue)) {
    found.push({ id: "overflow", text: `You help out: it waits in ${task.queue_title}` });
  }
  found.push(...adviceOf(task));
  const lost = lostBeforeUs(task);
  if (lost > 0) found.push({ id: "delay", text: `Reached us ${duration(lost)} after it was written` });
  return found;
}

/** @param {{task:Card}} props */
export function Notes({ task }) {
  const notes = notesOf(task);
  if (notes.length === 0) return null;
  return html`<ul class="notes" data-testid="task-notes">
    ${notes.map(({ id, text }) => html`<li key=${id} data-note=${id}>${text}</li>`)}
  </ul>`;
}

/** The clocks beside the SLA's: first reply, wrap-up, resolution. @param {{task:Card}} props */
export function Clocks({ task }) {
  const at = now.value;
  const silent = task.state === "accepted" && !task.reply && task.first_reply_ms > 0;
  const replyIn = task.first_reply_ms - at;
  return html`
    ${silent && html`<span class="tag clock" data-testid="first-reply" data-hurry=${replyIn <= 60_000}>
      First reply ${replyIn > 0 ? html`in <b class="num">${duration(replyIn)}</b>` : "is due"}</span>`}
    ${task.state === "wrapping" && html`<span class="tag clock" data-testid="wrap-left" role="timer"
      aria-live="off">Wrap-up <b class="num">${duration(Math.max(0, task.wrap_ends_ms - at))}</b></span>`}
    ${task.resolution_ms > 0 && html`<span class="tag clock" data-testid="resolution"
      data-hurry=${task.resolution_ms <= at}>Resolve by <b class="num">${nearTime(task.resolution_ms, at)}</b></span>`}
  `;
}
