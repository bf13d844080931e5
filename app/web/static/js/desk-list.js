// @ts-check
/** My tasks, the one due first on top, and what an empty list means. */
import { html } from "../vendor/vendor.js";
import { setState } from "./actions.js";
import { customerName } from "./desk-offer.js";
import { plural } from "./format.js";
import { ChannelIcon } from "./icon.js";
import { SlaChip } from "./sla.js";
import * as store from "./store.js";

/** @param {{task:import("./types.js").Card}} props */
function Row({ task }) {
  const id = task.task_id;
  const current = store.selectedId.value === id;
  const fresh = !current && store.unread.value.has(id);
  const state = task.pending ? "Sending…" : task.reply ? "Answered, to be completed" : "";
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
        ${state && html` · ${state}`}
      </span>
    </button>
  </li>`;
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
    ${done > 0 && html`<footer class="list-foot muted">${plural(done, "task")} completed in this session</footer>`}
  </section>`;
}
