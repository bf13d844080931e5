// @ts-check
/** The open tasks of a queue, who has them, and what a supervisor may do about each. */
import { effect, html, signal } from "../vendor/vendor.js";
import { ApiError, getJson, readOnly } from "./api.js";
import { askAbout, canDirect } from "./floor-moves.js";
import { count, words } from "./format.js";
import { ChannelIcon } from "./icon.js";
import { customerName } from "./names.js";
import { causeText } from "./problems.js";
import { SlaChip } from "./sla.js";
import { showTask } from "./task-rules.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./types.js").Queue} Queue */

const SHOWN = 50; // the most pressing; more is a report, not a screen
const AGAIN_MS = 1_000; // the floor changes four times a second, a list that is read does not have to

/** The queue whose tasks are shown; empty for all of them. */
export const shownQueue = signal("");
const tasks = signal(/** @type {Card[]|null} */ (null));
const failed = signal("");
let timer = 0;
let round = 0;

async function load() {
  timer = 0;
  round += 1;
  const mine = round;
  const queue = encodeURIComponent(shownQueue.peek());
  try {
    const found = await getJson(`/api/v1/tasks?limit=${SHOWN}${queue && `&queue=${queue}`}`);
    if (mine !== round) return; // another queue was asked for meanwhile
    tasks.value = found;
    failed.value = "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (mine === round) failed.value = error.message;
  }
}

/** Something on the floor has changed: read the list again, once a second at most. */
export function changed() {
  timer ||= setTimeout(load, AGAIN_MS);
}

effect(() => {
  void shownQueue.value;
  clearTimeout(timer);
  void load();
});

const STATES = /** @type {Record<string, string>} */ ({
  queued: "Waiting", offered: "Offered", accepted: "In work", wrapping: "Wrap-up", parked: "Parked",
});

/** @param {{task:Card,people:Map<string,string>}} props */
function Row({ task, people }) {
  const who = task.rep || task.for_rep;
  const held = ["offered", "accepted", "wrapping"].includes(task.state);
  const name = customerName(task);
  return html`<tr data-testid="floor-task" data-task-id=${task.task_id} data-state=${task.state}>
    <th scope="row"><span class="task-who"><${ChannelIcon} channel=${task.mention.channel} />
      <button type="button" class="link ellipsis" data-testid="task-story" title="What rules did" dir="auto"
        onClick=${() => showTask(task.mention_id, task.task_id)}>${name}</button></span>
      <span class="muted task-said ellipsis" dir="auto">${task.mention.text}</span></th>
    <td data-label="Queue">${task.queue_title}${task.level > 0 && html` <span class="tag escalated">Escalated</span>`}
      ${task.flights?.map(({ id, name: on }) => html`<a key=${id} class="tag plain" data-testid="floor-task-flight" href=${`/flights#${id}`}><bdi>${on}</bdi></a>`)}</td>
    <td data-label="State"><span data-testid="floor-task-state">${STATES[task.state] ?? words(task.state)}</span>
      ${task.unroutable && html`<span class="stuck" data-testid="floor-task-cause">${words(causeText(task.unroutable))}</span>`}</td>
    <td data-label="Agent"><span class="ellipsis" dir="auto" data-testid="floor-task-rep">${who ? people.get(who) ?? who : "–"}</span>
      ${who && !task.rep && html`<span class="muted task-kept">kept for them</span>`}</td>
    <td data-label="SLA"><${SlaChip} task=${task} /></td>
    <td class="num" data-label="Priority">${count(task.priority)}</td>
    ${canDirect && html`<td class="task-moves">
      <button type="button" class="button small" data-testid="task-assign" aria-label=${`Assign the task of ${name}`}
        disabled=${readOnly.value || task.state === "accepted" || task.state === "wrapping"}
        onClick=${() => askAbout(task, "assign")}>Assign</button>
      <button type="button" class="button small" data-testid="task-pull-back" disabled=${readOnly.value || !held}
        aria-label=${`Pull back the task of ${name}`} onClick=${() => askAbout(task, "pull_back")}>Pull back</button>
      <button type="button" class="button small" data-testid="task-more" disabled=${readOnly.value}
        aria-label=${`More for the task of ${name}`} onClick=${() => askAbout(task)}>More…</button>
    </td>`}
  </tr>`;
}

/** @param {{queues:Queue[]}} props */
function Chooser({ queues }) {
  return html`<label class="task-queue"><span class="muted">Queue</span>
    <select data-testid="floor-task-queue" value=${shownQueue.value}
      onChange=${(/** @type {any} */ event) => (shownQueue.value = event.target.value)}>
      <option value="">All queues</option>
      ${queues.map((queue) => html`<option key=${queue.name} value=${queue.name}>${queue.title} (${count(queue.open ?? 0)})</option>`)}
    </select></label>`;
}

/** @param {{queues:Queue[],people:Map<string,string>}} props */
export function TaskTable({ queues, people }) {
  const list = tasks.value;
  return html`<section class="panel tasks" id="open-tasks" aria-label="Open tasks" data-testid="floor-tasks">
    <header class="pane-head"><h2>Open tasks</h2><span class="muted task-order">due first</span><span class="spring"></span>
      <${Chooser} queues=${queues} /></header>
    ${failed.value && html`<p class="problem" role="alert">${failed.value}</p>`}
    ${list?.length === 0
      ? html`<p class="empty" data-testid="floor-tasks-empty">Nothing is open here.</p>`
      : html`<table class="table open">
        <thead><tr><th scope="col">Customer</th><th scope="col">Queue</th><th scope="col">State</th>
          <th scope="col">Agent</th><th scope="col">SLA</th><th scope="col" class="num">Priority</th>
          ${canDirect && html`<th scope="col">Actions</th>`}</tr></thead>
        <tbody>${list?.map((task) => html`<${Row} key=${task.task_id} task=${task} people=${people} />`)}</tbody>
      </table>`}
    ${list?.length === SHOWN && html`<p class="muted task-most">The ${SHOWN} that are due first are shown.</p>`}
  </section>`;
}

/** How many tasks nobody can take, where and why: plainly, on top. @param {{queues:Queue[]}} props */
export function StuckBar({ queues }) {
  const found = queues.flatMap((queue) => Object.entries(queue.unroutable ?? {})
    .map(([cause, n]) => ({ queue, cause, n })));
  if (found.length === 0) return null;
  const total = found.reduce((sum, { n }) => sum + n, 0);
  return html`<div class="bar bar-stale stuck-bar" role="status" data-testid="unroutable">
    <strong><span data-testid="unroutable-count">${count(total)}</span>
      ${total === 1 ? " task finds nobody" : " tasks find nobody"}</strong>
    ${found.map(({ queue, cause, n }) => html`<button type="button" class="button small" key=${`${queue.name} ${cause}`}
      onClick=${() => (shownQueue.value = queue.name)}>${count(n)} in ${queue.title}: ${causeText(cause)}</button>`)}
  </div>`;
}
