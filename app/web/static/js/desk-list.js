// @ts-check
/** My tasks, the one due first on top, and what an empty list means. */
import { html } from "../vendor/vendor.js";
import { busy, setState } from "./actions.js";
import { readOnly } from "./api.js";
import { now } from "./clock.js";
import { dateTime, duration, plural } from "./format.js";
import { ChannelIcon } from "./icon.js";
import { resume } from "./moves.js";
import { customerName } from "./names.js";
import { SlaChip } from "./sla.js";
import * as store from "./store.js";

/** @param {{task:import("./types.js").Card}} props */
function Row({ task }) {
  const id = task.task_id;
  const current = store.selectedId.value === id;
  const fresh = !current && store.unread.value.has(id);
  const state = task.pending ? "Sending…" : task.state === "wrapping" ? "Wrap-up"
    : task.reply ? "Answered, to be completed" : "";
  return html`<li>
    <button type="button" class="row" data-testid="task-row" data-task-id=${id} data-unread=${fresh}
      aria-current=${current} aria-busy=${Boolean(task.pending)} onClick=${() => store.select(id)}>
      <${ChannelIcon} channel=${task.mention.channel} />
      <span class="row-name" dir="auto">${customerName(task)}</span>
      <${SlaChip} task=${task} />
      <span class="row-text ellipsis" dir="auto" lang=${task.mention.lang || undefined}>${task.mention.text}</span>
      <span class="row-meta ellipsis">
        ${fresh && html`<span class="new-mark">new</span>`}${task.queue_title}
        ${task.level > 0 && html` · <span class="escalated">escalated</span>`}
        ${task.clock === "next_response" && " · follow-up"}
        ${state && html` · ${state}`}
      </span>
    </button>
  </li>`;
}

/** When a parked task comes back. @param {number} until @param {number} at */
function backText(until, at) {
  const left = until - at;
  if (left <= 0) return "coming back…";
  const soon = left < 24 * 3_600_000; // by the clock today, by the date after that
  return soon ? `back in ${duration(left)}` : `back ${dateTime(new Date(until).toISOString())}`;
}

/** @param {{task:import("./types.js").Card}} props */
function ParkedRow({ task }) {
  return html`<li class="parked-row" data-testid="parked-row" data-task-id=${task.task_id}>
    <${ChannelIcon} channel=${task.mention.channel} />
    <span class="row-name" dir="auto">${customerName(task)}</span>
    <button type="button" class="button small" data-testid="parked-resume"
      aria-label=${`Resume ${customerName(task)}`}
      disabled=${readOnly.value || busy.value.has(task.task_id)} onClick=${() => resume(task)}>Resume</button>
    <span class="row-meta" data-testid="parked-back">${backText(task.until_ms, now.value)}
      ${task.waits_for === "customer" && " · waiting for the customer"}</span>
  </li>`;
}

/** What I let rest, under what I do. */
function Parked() {
  const list = store.parked.value;
  if (list.length === 0) return null;
  return html`<section class="parked" aria-labelledby="parked-title" data-testid="parked">
    <header class="pane-head"><h2 id="parked-title">Parked</h2><span class="muted">${list.length}</span></header>
    <ul>${list.map((task) => html`<${ParkedRow} key=${task.task_id} task=${task} />`)}</ul>
  </section>`;
}

/** Why nothing is here, and what to do about it. */
function Empty() {
  const me = store.me.value;
  if (!me) return null;
  if (me.capacity === 0) {
    return html`<div class="empty" data-testid="desk-empty"><h2>You are looking on</h2>
      <p>Work is offered to agents; you have no capacity set in <code>config/staff.toml</code>.</p></div>`;
  }
  if (me.state === "available") {
    const full = me.load >= me.capacity;
    return html`<div class="empty" data-testid="desk-empty">
      <h2>Nothing on your desk</h2>
      <p>You are available${full ? " and at your limit" : ""}. The next task that fits you is offered here.</p>
    </div>`;
  }
  const paused = me.state === "paused";
  return html`<div class="empty" data-testid="desk-empty">
    <h2>${paused ? "You are paused" : "You are offline"}</h2>
    <p>${paused ? "No work is offered to you while you are paused." : "Press Ready to be offered work."}
      ${paused && me.reason ? ` Reason: ${me.reason}` : ""}</p>
    <button class="button primary" type="button" data-testid="empty-ready"
      onClick=${() => setState("available")}>Ready</button>
  </div>`;
}

export function TaskList() {
  const list = store.tasks.value;
  const done = store.doneCount.value;
  return html`<section class="list" id="tasks" aria-label="My tasks" tabindex="-1"
    onPointerEnter=${() => store.holdList(true)} onPointerLeave=${() => store.holdList(false)}>
    <header class="pane-head">
      <h2>My tasks</h2><span class="muted" data-testid="task-count">${list.length || ""}</span>
    </header>
    ${list.length > 0
      ? html`<ul class="rows">${list.map((task) => html`<${Row} key=${task.task_id} task=${task} />`)}</ul>`
      : html`<${Empty} />`}
    <${Parked} />
    ${done > 0 && html`<footer class="list-foot muted">${plural(done, "task")} completed in this session</footer>`}
  </section>`;
}
