// @ts-check
/** The queues, the one most at risk on top. */
import { html, useRef } from "../vendor/vendor.js";
import { now } from "./clock.js";
import { count, duration, windowText } from "./format.js";
import { shownQueue } from "./floor-tasks.js";
import { orderQueues, windowUsed } from "./floor-order.js";
import { Shape } from "./sla.js";

/** @typedef {import("./types.js").Queue} Queue */

const AT_RISK = 0.8; // of the window, as the server counts it

/** @param {{value:number,shape:"at_risk"|"late",testId:string,label:string}} props */
const Alarm = ({ value, shape, testId, label }) => html`
  <td class="num" data-label=${label}>
    <span class="alarm" data-alarm=${value > 0 ? shape : "none"}>
      ${value > 0 && html`<${Shape} name=${shape} />`}<span data-testid=${testId}>${count(value)}</span>
    </span>
  </td>
`;

/** @param {{queue:Queue,at:number}} props */
function Row({ queue, at }) {
  const ageMs = Math.max(0, now.value - at);
  const used = windowUsed(queue, ageMs);
  const tone = used >= 1 ? "late" : used >= AT_RISK ? "at_risk" : "ok";
  const longest = queue.waiting > 0 ? duration(queue.oldest_wait_s * 1000 + ageMs) : "–";
  return html`<tr data-testid="floor-queue-row" data-queue=${queue.name}>
    <th scope="row"><button type="button" class="link" data-testid="queue-show"
      title="Show its open tasks" onClick=${() => (shownQueue.value = queue.name)}>${queue.title}</button></th>
    <td class="num strong" data-label="Waiting" data-testid="queue-waiting">${count(queue.waiting)}</td>
    <td class="longest" data-label="Longest">
      <span class="longest-text"><span data-testid="queue-longest">${longest}</span>
        <span class="muted"> of ${windowText(queue.window_s)}</span></span>
      <span class="track" data-tone=${tone} aria-hidden="true"><i
        style=${{ transform: `scaleX(${Math.min(1, used)})` }}></i></span>
    </td>
    <${Alarm} value=${queue.at_risk} shape="at_risk" testId="queue-at-risk" label="At risk" />
    <${Alarm} value=${queue.breached} shape="late" testId="queue-breached" label="Breached" />
    <td class="num" data-label="Offered" data-testid="queue-offered">${count(queue.offered)}</td>
    <td class="num" data-label="In work" data-testid="queue-accepted">${count(queue.accepted)}</td>
  </tr>`;
}

/** @param {{queues:Queue[],at:number}} props */
export function QueueTable({ queues, at }) {
  const held = useRef(false);
  const order = useRef(/** @type {string[]} */ ([]));
  const sorted = orderQueues(queues, held.current ? order.current : null);
  order.current = sorted.map((queue) => queue.name);
  return html`<section class="panel" aria-label="Queues"
    onPointerEnter=${() => (held.current = true)} onPointerLeave=${() => (held.current = false)}>
    <header class="pane-head"><h2>Queues</h2><span class="muted">most at risk first</span></header>
    ${queues.length === 0
      ? html`<p class="empty">No queues are configured. Add one to <code>config/queues.toml</code>.</p>`
      : html`<table class="table queues">
        <thead><tr>
          <th scope="col">Queue</th><th scope="col" class="num">Waiting</th><th scope="col">Longest wait</th>
          <th scope="col" class="num">At risk</th><th scope="col" class="num">Breached</th>
          <th scope="col" class="num">Offered</th><th scope="col" class="num">In work</th>
        </tr></thead>
        <tbody>${sorted.map((queue) => html`<${Row} key=${queue.name} queue=${queue} at=${at} />`)}</tbody>
      </table>`}
  </section>`;
}
