// @ts-check
/** Every version of the rules: who made it and why, what it changed, and back to it by one button. */
import { html, signal } from "../vendor/vendor.js";
import { getJson, postJson } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { dateTime } from "./format.js";
import { notify } from "./notices.js";
import { ChangeList } from "./rules-changes.js";
import { guarded } from "./rules-edit.js";
import { canWrite, overview, ROOT } from "./rules-store.js";
import { soon } from "./rules-soon.js";

/** @typedef {import("./rules-types.js").VersionHead} Head */

const from = signal(0);
const to = signal(0);
const shown = signal(/** @type {{from:number,to:number,rows:import("./rules-types.js").Changes,files:Record<string, string>}|null} */ (null));

/** @param {number} a @param {number} b */
const compareVersions = (a, b) => guarded(async () => {
  [from.value, to.value] = [a, b];
  shown.value = await getJson(`${ROOT}/versions/${a}/diff?to=${b}`);
});

/** @param {Head} version */
function askRollback(version) {
  asking.value = {
    title: `Make version ${version.number} live again`,
    about: `By ${version.made_by}${version.comment ? `: “${version.comment}”` : ""}. It takes effect at once, on all processes.`,
    first: { reason: "" },
    fields: () => [reasonField("Why")],
    confirm: () => `Make version ${version.number} live`,
    run: async ({ reason }, key) => {
      await postJson(`${ROOT}/rollback`, { to: version.number, reason }, key);
      notify("info", `Version ${version.number} is live again.`);
      await soon();
    },
  };
}

/** @param {{version:Head,live:number}} props */
const Entry = ({ version, live }) => html`<li class="version" data-testid="version" data-number=${version.number} data-live=${version.live}>
  <p class="version-head"><strong>Version ${version.number}</strong>${version.live && html`<span class="mark" data-tone="good">live</span>`}
    <span class="muted">${version.made_by}, ${dateTime(new Date(version.made_ms).toISOString())}</span></p>
  <p class="version-said" dir="auto">${version.comment || html`<span class="muted">no comment</span>`}
    ${version.skip_reason && html`<span class="muted"> Without a back-test: ${version.skip_reason}</span>`}</p>
  <span class="version-moves">
    ${version.number !== live && html`<button type="button" class="button small" data-testid="version-compare"
      aria-label=${`Compare version ${version.number} with the live one`} onClick=${() => compareVersions(version.number, live)}>Compare</button>`}
    ${canWrite && !version.live && html`<button type="button" class="button small" data-testid="version-rollback"
      aria-label=${`Make live again: version ${version.number}`} onClick=${() => askRollback(version)}>Make live again</button>`}</span></li>`;

/** @param {{id:string,label:string,value:number,numbers:number[],set:(value:number)=>void}} props */
const Pick = ({ id, label, value, numbers, set }) => html`<label for=${id} class="pick">${label}
  <select id=${id} data-testid=${id} value=${value} onChange=${(/** @type {any} */ event) => set(Number(event.target.value))}>
    ${numbers.map((number) => html`<option key=${number} value=${number}>Version ${number}</option>`)}</select></label>`;

/** @param {{numbers:number[]}} props */
function Compared({ numbers }) {
  const found = shown.value;
  if (!found) return null;
  const onlyText = Object.keys(found.files).length > 0 && Object.values(found.rows).every((list) => list.length === 0);
  return html`<section class="compared" aria-label="Comparison" data-testid="compared">
    <div class="picks"><${Pick} id="diff-from" label="From"
      value=${from.value} numbers=${numbers} set=${(/** @type {number} */ one) => compareVersions(one, to.value)} />
      <${Pick} id="diff-to" label="to" value=${to.value} numbers=${numbers} set=${(/** @type {number} */ one) => compareVersions(from.value, one)} />
      <span class="spring"></span><button type="button" class="button small" onClick=${() => (shown.value = null)}>Close</button></div>
    ${onlyText ? html`<p class="muted">Only comments or layout differ.</p>` : html`<${ChangeList} of=${found.rows} />`}</section>`;
}

export function HistoryPanel() {
  const all = overview.value?.versions ?? [];
  const live = overview.value?.live.number ?? 0;
  return html`<div class="history" data-testid="history">
    <${Compared} numbers=${all.map((one) => one.number)} />
    <ul class="versions">${all.map((version) => html`<${Entry} key=${version.number} version=${version} live=${live} />`)}</ul></div>`;
}
