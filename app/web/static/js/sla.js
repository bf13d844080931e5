// @ts-check
/** The SLA chip: one state told by shape, word and colour together. */
import { html } from "../vendor/vendor.js";
import { now } from "./clock.js";
import { duration } from "./format.js";

/** Drawn, not typed: fonts differ too much in how they draw these signs. */
const SHAPES = {
  ok: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z",
  at_risk: "M6 0l6 6-6 6-6-6Z",
  late: "M6 .8 12 11.4H0Z",
  met: "M1.2 5.6 4.6 9l6.2-6.6 1.1 1.1-7.2 7.8L.2 6.8Z",
  paused: "M2 1h3v10H2Zm5 0h3v10H7Z",
  off: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Zm0 1.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8Z",
};
const WORDS = { ok: "on track", at_risk: "at risk", late: "late", met: "met" };

/** @param {{name:keyof typeof SHAPES}} props */
export const Shape = ({ name }) => html`
  <svg class="shape" viewBox="0 0 12 12" aria-hidden="true"><path d=${SHAPES[name]} /></svg>
`;

/**
 * State and text of a task's clock at a moment; the clock stops at the reply.
 * @param {{sla:string,at_risk_ms:number,due_ms:number,reply?:null|{at_ms:number}}} task
 * @param {number} at
 * @returns {{state:"ok"|"at_risk"|"late"|"met",text:string}}
 */
export function slaState(task, at) {
  if (task.sla === "met") return { state: "met", text: "met" };
  const moment = task.reply ? task.reply.at_ms : at;
  if (moment >= task.due_ms) return { state: "late", text: `late ${duration(moment - task.due_ms)}` };
  if (task.reply) return { state: "met", text: "met" };
  const left = duration(task.due_ms - moment + 999);
  return moment >= task.at_risk_ms ? { state: "at_risk", text: left } : { state: "ok", text: left };
}

/**
 * @param {{task:Parameters<typeof slaState>[0],long?:boolean}} props `long` shows the word as well
 */
export function SlaChip({ task, long = false }) {
  const { state, text } = slaState(task, now.value);
  const named = state === "ok" || state === "at_risk";
  return html`
    <span class="sla" data-sla=${state} data-testid="sla">
      <${Shape} name=${state} />
      ${named && html`<span class=${long ? "sla-word" : "sr-only"}>${WORDS[state]}</span>`}
      <span class="sla-time">${text}</span>
    </span>
  `;
}
