// @ts-check
/** The report of a back-test. What is exact and what is a forecast are told apart. */
import { html } from "../vendor/vendor.js";
import { count, duration, plural, windowText, words } from "./format.js";
import { queueTitle } from "./rules-store.js";

/** @typedef {{live:number,draft:number,extra:number,fewer:number}} Compared */

const SHOWN = 30; // of a long list; all of it is in the API

/** @param {string} name */
const queue = (name) => (name ? queueTitle(name) : "no task");

/** @param {{label:string,value:string,note:string,testId:string}} props */
const Figure = ({ label, value, note, testId }) => html`<div class="report-figure"><span class="muted">${label}</span>
  <strong class="num" data-testid=${testId}>${value}</strong><span class="muted">${note}</span></div>`;

/** @param {Compared} of */
const more = (of) => `${count(of.extra)} more, ${count(of.fewer)} fewer; ${count(of.live)} before, ${count(of.draft)} after`;

/** What the conditions could see of the window. @param {any} of */
const coverage = (of) => [
  of.unrecorded ? `${count(of.unrecorded)} older ones left out: their values were not kept` : "all of the window",
  of.untold ? `of ${count(of.untold)} not all was recorded that rules may ask for now` : "",
].filter(Boolean).join("; ");

/** @param {{of:any}} props */
const Figures = ({ of }) => html`<div class="report-figures">
  <${Figure} label="Mentions decided again" value=${count(of.mentions)} testId="report-mentions"
    note=${coverage(of)} />
  <${Figure} label="Decided differently" value=${count(of.changed.mentions)} testId="report-changed"
    note=${Object.entries(of.changed.by_kind).filter(([, n]) => n).map(([kind, n]) => `${kind} ${count(/** @type {number} */ (n))}`).join(", ") || "none"} />
  <${Figure} label="Extra escalations by rule" value=${count(of.escalations.by_rule.extra)} testId="report-escalations"
    note=${more(of.escalations.by_rule)} />
  <${Figure} label="Extra breaches, a forecast" value=${count(of.breaches.extra)} testId="report-breaches"
    note=${`${more(of.breaches)}; ${count(of.breaches.recorded ?? 0)} were recorded`} />
</div>`;

/** The busiest hour of each queue, before and after. @param {any[]} load */
function peaks(load) {
  /** @type {Map<string, [number, number]>} */
  const found = new Map();
  for (const { queue: name, live, draft } of load) {
    const [a, b] = found.get(name) ?? [0, 0];
    found.set(name, [Math.max(a, live), Math.max(b, draft)]);
  }
  return found;
}

/** @param {{a:number,b:number,text?:(value:number)=>string}} props */
const Pair = ({ a, b, text = count }) => html`<span class="pair" data-differs=${a !== b}>${text(a)}
  <span aria-hidden="true">→</span><span class="sr-only">before, then </span>${text(b)}</span>`;

/** @param {{of:any}} props */
function Queues({ of }) {
  const busiest = peaks(of.load);
  const seconds = (/** @type {number} */ value) => duration(value * 1000);
  return html`<table class="report-table" data-testid="report-queues"><caption>Load of each queue</caption>
    <thead><tr><th scope="col">Queue</th><th scope="col">Tasks</th><th scope="col">Busiest hour</th><th scope="col">Wait p95, forecast</th>
      <th scope="col">Breaches, forecast</th></tr></thead>
    <tbody>${of.queues.map((/** @type {any} */ one) => {
      const [a, b] = busiest.get(one.queue) ?? [0, 0];
      return html`<tr key=${one.queue}><th scope="row">${queue(one.queue)}</th>
        <td data-label="Tasks"><${Pair} a=${one.live.tasks} b=${one.draft.tasks} /></td><td data-label="Busiest hour"><${Pair} a=${a} b=${b} /></td>
        <td data-label="Wait p95, forecast"><${Pair} a=${one.live.wait_p95_s} b=${one.draft.wait_p95_s} text=${seconds} /></td>
        <td data-label="Breaches, forecast"><${Pair} a=${one.live.breaches} b=${one.draft.breaches} /></td></tr>`;
    })}</tbody></table>`;
}

/** @param {{of:any}} props */
const Matched = ({ of }) => {
  const differ = of.rules.filter((/** @type {any} */ one) => one.live !== one.draft);
  return html`<table class="report-table" data-testid="report-rules"><caption>Rows that hold for other mentions</caption>
    <thead><tr><th scope="col">Row</th><th scope="col">Mentions it holds for</th></tr></thead>
    <tbody>${differ.length === 0 && html`<tr><td colspan="2" class="muted">Each row holds for as many as before.</td></tr>`}
    ${differ.slice(0, SHOWN).map((/** @type {any} */ one) => html`<tr key=${one.rule}><th scope="row">${one.rule}</th>
      <td data-label="Mentions"><${Pair} a=${one.live} b=${one.draft} /></td></tr>`)}</tbody></table>`;
};

/** @param {{of:any}} props */
const Moves = ({ of }) => of.changed.moves.length > 0 && html`<table class="report-table"
  data-testid="report-moves"><caption>From queue to queue</caption>
  <thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Mentions</th></tr></thead>
  <tbody>${of.changed.moves.slice(0, SHOWN).map((/** @type {any} */ one) => html`<tr key=${`${one.from} ${one.to}`}>
    <td data-label="From">${queue(one.from)}</td><td data-label="To">${queue(one.to)}</td>
    <td class="num" data-label="Mentions">${count(one.mentions)}</td></tr>`)}</tbody></table>`;

/** What rules after the mention would have done: a report of older software has none. @param {{of:any}} props */
const Later = ({ of }) => of.later?.length > 0 && html`<table class="report-table" data-testid="report-later">
  <caption>Rules after the mention, a forecast</caption>
  <thead><tr><th scope="col">Rule</th><th scope="col">Fired</th><th scope="col">Moved</th><th scope="col">Put first</th>
    <th scope="col">Refused or stopped</th></tr></thead>
  <tbody>${of.later.slice(0, SHOWN).map((/** @type {any} */ { rule, on, live, draft }) => html`<tr key=${`${rule} ${on}`}>
    <th scope="row">${rule} <span class="muted">${words(on)}</span></th><td data-label="Fired"><${Pair} a=${live.fired} b=${draft.fired} /></td>
    <td data-label="Moved"><${Pair} a=${live.moved} b=${draft.moved} /></td>
    <td data-label="Put first"><${Pair} a=${live.prioritised} b=${draft.prioritised} /></td>
    <td data-label="Refused or stopped"><${Pair} a=${live.refused + live.stopped} b=${draft.refused + draft.stopped} /></td></tr>`)}</tbody></table>`;

/** @param {{of:any}} props */
const LaterMoves = ({ of }) => of.moved_later?.moves.length > 0 && html`<table class="report-table" data-testid="report-later-moves">
  <caption>Moved by rules after the mention, a forecast</caption>
  <thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Tasks</th></tr></thead>
  <tbody>${of.moved_later.moves.slice(0, SHOWN).map((/** @type {any} */ one) => html`<tr key=${`${one.from} ${one.to}`}>
    <td data-label="From">${queue(one.from)}</td><td data-label="To">${queue(one.to)}</td>
    <td data-label="Tasks"><${Pair} a=${one.live} b=${one.draft} /></td></tr>`)}</tbody></table>`;

/** @param {{of:any}} props */
const Told = ({ of }) => of.notices?.length > 0 && html`<table class="report-table" data-testid="report-notices"><caption>Notices</caption>
  <thead><tr><th scope="col">To</th><th scope="col">Notices</th></tr></thead>
  <tbody>${of.notices.slice(0, SHOWN).map((/** @type {any} */ one) => html`<tr key=${one.to}><th scope="row"><bdi>${one.to}</bdi></th>
    <td data-label="Notices"><${Pair} a=${one.live} b=${one.draft} /></td></tr>`)}</tbody></table>`;

/** What one side makes of a mention. @param {{label:string,of:any}} props */
export const Side = ({ label, of }) => html`<p class="sample-side"><span class="muted">${label}</span> <strong>${queue(of.queue)}</strong>
  ${of.queue && html`<span class="muted">priority ${of.priority}, within ${windowText(of.window_s)}</span>`} by <code>${of.rule}</code></p>`;

/** @param {{of:any}} props */
const Samples = ({ of }) => of.samples.length > 0 && html`<section class="samples" aria-label="Samples"><h3>Samples</h3>
  <ul>${of.samples.slice(0, SHOWN).map((/** @type {any} */ one) => html`<li key=${one.mention_id} class="sample"
    data-testid="report-sample">
    <p class="sample-text" dir="auto">${one.text}</p><p class="muted">${one.channel}: ${one.changes.map(words).join(", ")}</p>
    <${Side} label="Before" of=${one.before} /><${Side} label="After" of=${one.after} /></li>`)}</ul></section>`;

/** @param {{of:any}} props */
export function Report({ of }) {
  if (!of?.changed) return html`<p class="muted" data-testid="report-none">The report cannot be shown: it has another form.</p>`;
  return html`<div class="report" data-testid="report">
    <${Figures} of=${of} />
    ${of.errors.length > 0 && html`<p class="problem"
      data-testid="report-errors"><span>${plural(of.errors.length, "condition")} could not be evaluated for some mentions, and counted as
      not holding: ${of.errors.slice(0, 5).map((/** @type {any} */ one) => `${one.rule} (${one.detail})`).join(", ")}</span></p>`}
    ${of.not_asked?.length > 0 && html`<p class="muted" data-testid="report-not-asked">Not asked:
      ${of.not_asked.slice(0, SHOWN).join(", ")}. No log tells what they ask about.</p>`}
    <div class="report-tables"><${Queues} of=${of} /><${Matched} of=${of} /><${Moves} of=${of} />
      <${Later} of=${of} /><${LaterMoves} of=${of} /><${Told} of=${of} /></div>
    <${Samples} of=${of} />
    <details><summary>What is a forecast</summary><p class="muted report-assumed">${of.assumptions}</p></details>
  </div>`;
}
