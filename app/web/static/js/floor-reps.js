// @ts-check
/** The agents: who is there, since when, with how much to do. */
import { html, useRef } from "../vendor/vendor.js";
import { now } from "./clock.js";
import { duration, plural } from "./format.js";
import { orderReps } from "./floor-order.js";
import { Shape } from "./sla.js";
import { Load, StateMark } from "./states.js";

/** @typedef {import("./types.js").FloorRep} FloorRep */

const SLA_SHAPES = /** @type {Record<string, "ok"|"at_risk"|"late"|"met">} */ ({
  ok: "ok", at_risk: "at_risk", breached: "late", met: "met",
});

/** One shape a task that the agent holds. @param {{rep:FloorRep}} props */
function Tasks({ rep }) {
  return html`<span class="rep-tasks">
    ${rep.tasks.map((task) => html`
      <span class="sla" key=${task.task_id} data-sla=${SLA_SHAPES[task.sla] ?? "ok"}
        title=${`${task.state}, ${task.queue}, ${task.sla.replace("_", " ")}`}>
        <${Shape} name=${SLA_SHAPES[task.sla] ?? "ok"} />
        <span class="sr-only">${task.state} task in ${task.queue}, ${task.sla.replace("_", " ")}</span>
      </span>`)}
  </span>`;
}

/** @param {{rep:FloorRep}} props */
function Row({ rep }) {
  const since = rep.since_ms > 0 ? duration(now.value - rep.since_ms) : "";
  const able = [...new Set([...rep.skills, ...rep.queues])].join(", ");
  return html`<tr data-testid="floor-rep-row" data-rep=${rep.name}>
    <th scope="row"><span>${rep.title || rep.name}</span>
      <span class="muted rep-able ellipsis" title=${able}>${able}</span></th>
    <td data-label="State" data-testid="rep-state" data-state=${rep.state}>
      <${StateMark} state=${rep.state} />
      ${rep.reason && rep.state !== "available" && html`<span class="muted rep-reason">${rep.reason}</span>`}
    </td>
    <td class="num muted" data-label="For">${since}</td>
    <td data-label="Load"><span class="rep-load"><${Load} load=${rep.load} capacity=${rep.capacity} />
      <${Tasks} rep=${rep} /></span></td>
  </tr>`;
}

/** @param {{reps:FloorRep[]}} props */
export function RepTable({ reps }) {
  const held = useRef(false);
  const order = useRef(/** @type {string[]} */ ([]));
  const sorted = orderReps(reps, held.current ? order.current : null);
  order.current = sorted.map((rep) => rep.name);
  const paused = reps.filter((rep) => rep.state === "paused").length;
  return html`<section class="panel" aria-label="Agents"
    onPointerEnter=${() => (held.current = true)} onPointerLeave=${() => (held.current = false)}>
    <header class="pane-head"><h2>Agents</h2>
      <span class="muted">${plural(reps.length, "agent")}${paused > 0 ? `, ${paused} paused` : ""}</span></header>
    ${reps.length === 0
      ? html`<p class="empty">No agents yet. Add one to <code>config/staff.toml</code>.</p>`
      : html`<table class="table reps">
        <thead><tr><th scope="col">Agent</th><th scope="col">State</th>
          <th scope="col" class="num">For</th><th scope="col">Load</th></tr></thead>
        <tbody>${sorted.map((rep) => html`<${Row} key=${rep.name} rep=${rep} />`)}</tbody>
      </table>`}
  </section>`;
}
