// @ts-check
/** The draft in shadow: asked beside the live rules without effect, and how often both agree. */
import { html, signal, useEffect } from "../vendor/vendor.js";
import { getJson, postJson } from "./api.js";
import { count, dateTime, percent } from "./format.js";
import { guarded } from "./rules-edit.js";
import { Side } from "./rules-report.js";
import { soon } from "./rules-soon.js";
import { tryOn } from "./rules-tried.js";
import { canWrite, draft, overview, ROOT } from "./rules-store.js";

const AGAIN_MS = 2_000; // as often as the rest of the page
const samples = signal(/** @type {any[]} */ ([]));

const load = () => guarded(async () => {
  samples.value = (await getJson(`${ROOT}/shadow`)).samples ?? [];
});

/** @param {string|null} id none ends it */
const set = (id) => guarded(async () => {
  await postJson(`${ROOT}/shadow`, id ? { draft_id: id } : { draft_id: null });
  await soon();
  await load();
});

/** @param {{of:import("./rules-types.js").Shadow}} props */
const Agreement = ({ of }) => html`<p class="shadow-rate"><strong
  data-testid="shadow-agreement">${of.agreement === null ? "–" : percent(of.agreement)}</strong>
  <span>agreement with version ${of.number}: ${count(of.same)} mentions alike, ${count(of.different)} not</span></p>`;

/** @param {{sample:any}} props */
function Sample({ sample }) {
  const { live, shadow } = sample.body;
  return html`<li class="sample" data-testid="shadow-sample">
    <${Side} label="Live" of=${live} /><${Side} label="Draft" of=${shadow} />
    <button type="button" class="button small" data-testid="shadow-try"
      onClick=${() => tryOn({ mention_id: sample.mention_id })}>Try on it</button></li>`;
}

export function ShadowPanel() {
  const now = overview.value?.shadow ?? null;
  const mine = draft.value;
  useEffect(() => {
    void load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const running = now?.running ?? false;
  const ofMine = running && now?.draft_id === mine?.id;
  return html`<div class="shadow" data-testid="shadow">
    <p data-testid="shadow-state">${running ? html`<strong>${now?.title}</strong> is asked beside
      the live rules since ${dateTime(new Date(now?.begun_ms ?? 0).toISOString())}.`
      : "No draft is in shadow. In shadow a draft is asked about each mention, and changes nothing."}
      ${!running && now?.ended_why && html` <span class="muted">The last one ended: ${now.ended_why}.</span>`}</p>
    ${canWrite && html`<p class="shadow-moves">
      ${mine && !ofMine && html`<button type="button" class="button" data-testid="shadow-on" disabled=${mine.problems.length > 0}
        onClick=${() => set(mine.id)}>Ask this draft in shadow</button>`}
      ${running && html`<button type="button" class="button" data-testid="shadow-off"
        onClick=${() => set(null)}>End the shadow</button>`}</p>`}
    ${running && now && html`<${Agreement} of=${now} />`}
    ${running && samples.value.length > 0 && html`<h3>Where they differ</h3>
      <ul class="sample-list">${samples.value.slice(0, 20).map((one) => html`<${Sample} key=${one.mention_id} sample=${one} />`)}</ul>`}
  </div>`;
}
