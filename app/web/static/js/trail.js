// @ts-check
/** The trail of a mention in a dialog: every entry in order, those that were asked about marked. */
import { html, signal, useEffect, useRef } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";
import { clockTime, dateTime, words } from "./format.js";
import { Icon } from "./icon.js";
import { Dialog } from "./shell.js";

/** @typedef {import("./desk-context.js").Backing} Backing */
/** @typedef {{fact_id:string,op:string,now_ms:number,reason:string,actor:{type:string,id:string}}} Fact */
/** @typedef {{mentionId:string,asked:Backing[],facts:Fact[]|null,problem:string}} Shown */

const shown = signal(/** @type {Shown|null} */ (null));
const ID_CHARS = 19; // of an id: enough to find it; the whole of it is told on hover

const close = () => (shown.value = null);

/** @param {string} mentionId @param {Backing[]} asked */
export async function openTrail(mentionId, asked) {
  const mine = { mentionId, asked, facts: null, problem: "" };
  shown.value = mine;
  try {
    const { facts } = await getJson(`/api/v1/mentions/${encodeURIComponent(mentionId)}/why`);
    if (shown.value === mine) shown.value = { ...mine, facts };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (shown.value === mine) shown.value = { ...mine, problem: error.message };
  }
}

/** @param {{fact:Fact,asked:Backing|undefined}} props */
const Line = ({ fact, asked }) => html`<li class="trail-line" data-testid="trail-line" data-entry=${fact.fact_id} data-asked=${Boolean(asked)}>
  <time class="num" datetime=${new Date(fact.now_ms).toISOString()} title=${dateTime(new Date(fact.now_ms).toISOString())}>${clockTime(fact.now_ms)}</time>
  <b>${words(fact.op)}</b> <span class="muted">by <bdi>${fact.actor.id}</bdi></span>
  ${asked && html` <span class="tag plain">this is meant: ${asked.fields.join(", ")}</span>`}
  ${fact.reason && html`<span class="trail-reason" dir="auto">${fact.reason}</span>`}</li>`;

/** What it stands on that is no entry of this mention: signals of other systems, flights. @param {{asked:Backing[]}} props */
const Beside = ({ asked }) => asked.length > 0 && html`<ul class="trail-beside muted" data-testid="trail-beside">${asked.map((one) => html`<li key=${one.entry} data-entry=${one.entry}>
  Beside the trail: <b>${words(one.op)}</b>${one.at_ms > 0 && ` ${dateTime(new Date(one.at_ms).toISOString())}`} <code title=${one.entry}>${one.entry.slice(0, ID_CHARS)}…</code></li>`)}</ul>`;

export function TrailDialog() {
  const of = shown.value;
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => list.current?.querySelector("[data-asked=true]")?.scrollIntoView({ block: "center" }), [of?.facts]);
  const known = new Set((of?.facts ?? []).map((fact) => fact.fact_id));
  return html`<${Dialog} open=${of !== null} onClose=${close} label="The trail">
    <div class="dialog-head"><h2>The trail</h2>
      <button class="icon-button" type="button" aria-label="Close" onClick=${close}><${Icon} name="x" /></button></div>
    ${of?.problem && html`<p class="problem" role="alert"><${Icon} name="triangle-alert" /><span>${of.problem}</span></p>`}
    ${of && !of.facts && !of.problem && html`<p class="muted">Reading the trail…</p>`}
    ${of?.facts && html`<${Beside} asked=${of.asked.filter((one) => !known.has(one.entry))} />
      <ol class="trail" ref=${list} tabindex="0" aria-label="Entries, the oldest first">${of.facts.map((fact) => html`<${Line} key=${fact.fact_id} fact=${fact}
        asked=${of.asked.find((one) => one.entry === fact.fact_id)} />`)}</ol>`}
  <//>`;
}
