// @ts-check
/** What people did otherwise than the rules decided: a rule that is often corrected is one to change. */
import { html, signal, useEffect } from "../vendor/vendor.js";
import { getJson } from "./api.js";
import { count, duration, percent, plural } from "./format.js";
import { guarded } from "./rules-edit.js";
import { ROOT } from "./rules-store.js";

const HOURS = /** @type {[number, string][]} */ ([[24, "the last 24 hours"], [168, "the last 7 days"], [720, "the last 30 days"]]);

const hours = signal(168);
const found = signal(/** @type {any} */ (null));

/** @param {number} asked */
const load = (asked) => guarded(async () => {
  [hours.value, found.value] = [asked, null];
  found.value = await getJson(`${ROOT}/overrides?hours=${asked}`);
});

/** @param {number|null} seconds */
const reply = (seconds) => (seconds === null ? "–" : duration(seconds * 1000));

/** @param {{rule:any}} props */
const Line = ({ rule }) => html`<tr data-testid="override" data-rule=${rule.rule}>
  <th scope="row">${rule.rule}</th>
  <td data-label="Changed">${count(rule.overridden)} of ${count(rule.tasks)} (${percent(rule.share)})</td>
  <td data-label="How">${Object.entries(rule.kinds).map(([kind, n]) => `${kind} ${count(Number(n))}`).join(", ")}
    ${rule.mediated > 0 && html`<span class="muted"> ${count(rule.mediated)} by the mediator</span>`}</td>
  <td data-label="Sent instead to">${rule.routes.map((/** @type {any} */ way) => `${way.to} ${count(way.tasks)}`).join(", ") || "–"}</td>
  <td data-label="Reasons">${rule.reasons.length === 0 ? "–"
    : rule.reasons.map((/** @type {any} */ one) => html`<bdi class="override-reason" key=${one.reason}>${one.reason}</bdi>`)}</td>
  <td data-label="First reply, changed and not">${reply(rule.reply_s.changed)} / ${reply(rule.reply_s.left)}</td></tr>`;

/** @param {{of:any}} props */
function Report({ of }) {
  const changed = of.rules.filter((/** @type {any} */ rule) => rule.overridden > 0);
  return html`<p data-testid="overrides-sum"><strong>${plural(of.overridden, "task")}</strong> of ${count(of.tasks)} went
      otherwise than the rules had decided, ${count(of.mediated)} by the mediator.</p>
    ${changed.length > 0 && html`<table class="report-table" data-testid="overrides-table">
      <caption>Rules that people changed, the most often first</caption>
      <thead><tr>${["Rule", "Changed", "How", "Sent instead to", "Reasons", "First reply, changed and not"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${changed.map((/** @type {any} */ rule) => html`<${Line} key=${rule.rule} rule=${rule} />`)}</tbody></table>`}`;
}

export function OverridesPanel() {
  useEffect(() => void load(hours.value), []);
  return html`<div class="overrides" data-testid="overrides">
    <label for="override-hours" class="pick">Of <select id="override-hours" data-testid="override-hours" value=${hours.value}
      onChange=${(/** @type {any} */ event) => load(Number(event.target.value))}>
      ${HOURS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>
    <div aria-live="polite">${found.value ? html`<${Report} of=${found.value} />` : html`<p class="muted">Reading …</p>`}</div></div>`;
}
