// @ts-check
/** The back-test of the draft: over which time, how far it is, what it found, and that I have seen it. */
import { effect, html, signal } from "../vendor/vendor.js";
import { ApiError, deleteJson, getJson, postJson } from "./api.js";
import { serverNow } from "./clock.js";
import { percent } from "./format.js";
import { Icon } from "./icon.js";
import { dropKept, keep, readKept } from "./rules-kept.js";
import { canWrite, draft, draftPath, live, ROOT } from "./rules-store.js";
import { Report } from "./rules-report.js";

/** @typedef {{id:string,draft:string,live:string}} Begun which texts are compared, by their digests
 * @typedef {{state:"running"|"done"|"failed"|"cancelled",progress:number,report:any,problem?:string,
 *   seen_by?:string}} Run */

const AGAIN_MS = 500; // a bar that moves twice a second looks alive
const HOUR_MS = 3_600_000;
const WINDOWS = /** @type {[string, string, number][]} */ ([
  ["hour", "Last hour", HOUR_MS], ["day", "Last day", 24 * HOUR_MS], ["week", "Last week", 168 * HOUR_MS], ["all", "Everything recorded", 0],
]);
const MISSING = "This server has no back-tests yet. A draft can be published with a reason instead.";

const chosen = signal("day");
const begun = signal(/** @type {Begun|null} */ (null));
const run = signal(/** @type {Run|null} */ (null));
const failure = signal("");
const sending = signal(false);
let timer = 0;

/** Whether what was found is about the draft as it is, against the version that is live. */
const fits = () => begun.value?.draft === draft.value?.digest && begun.value?.live === live.value?.digest;

/** The back-test by which this draft may be published, once somebody has seen it. */
export const seenBacktest = () => (run.value?.state === "done" && run.value.seen_by && fits() ? begun.value?.id ?? "" : "");

/** @param {() => Promise<void>} work */
async function tell(work) {
  sending.value = true;
  failure.value = "";
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    failure.value = error.code === "not_found" || error.status === 405 ? MISSING : error.message;
  } finally {
    sending.value = false;
  }
}

const path = () => `${ROOT}/backtests/${encodeURIComponent(begun.value?.id ?? "")}`;

/** Asks how far it is until it has ended. */
async function follow() {
  clearTimeout(timer);
  const mine = begun.value;
  if (!mine) return;
  try {
    const told = await getJson(path());
    if (begun.value !== mine) return; // another one was begun meanwhile
    run.value = told;
    failure.value = "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return forget();
    failure.value = error.message;
  }
  if (!run.value || run.value.state === "running") timer = setTimeout(follow, AGAIN_MS);
}

function forget() {
  if (draft.value) dropKept(draft.value.id, "backtest");
  [begun.value, run.value] = [null, null];
}

const start = () => tell(async () => {
  const mine = draft.value;
  if (!mine) return;
  const span = WINDOWS.find(([name]) => name === chosen.value)?.[2] ?? 0;
  const { backtest_id: id } = await postJson(`${draftPath(mine.id)}/backtest`, span ? { since_ms: Math.floor(serverNow() - span) } : {});
  begun.value = { id, draft: mine.digest, live: live.value?.digest ?? "" };
  run.value = { state: "running", progress: 0, report: null };
  keep(mine.id, "backtest", begun.value);
  await follow();
});

const cancel = () => tell(async () => {
  await deleteJson(path());
  await follow();
});

const see = () => tell(async () => {
  run.value = { ...run.value, ...(await postJson(`${path()}/seen`, {})) };
});

// a reload or another draft: go on with what was begun for it
let known = "";
effect(() => {
  const id = draft.value?.id ?? "";
  if (id === known) return;
  known = id;
  clearTimeout(timer);
  begun.value = id ? readKept(id, "backtest") : null;
  run.value = null;
  failure.value = "";
  if (begun.value) void follow();
});

function Progress() {
  const at = run.value?.progress ?? 0;
  return html`<div class="backtest-running"><label for="backtest-progress">Deciding recorded mentions by both</label>
    <progress id="backtest-progress" data-testid="backtest-progress" max="1" value=${at}>${percent(at)}</progress>
    <span class="num" data-testid="backtest-share">${percent(at)}</span>
    ${canWrite && html`<button type="button" class="button small" data-testid="backtest-cancel" disabled=${sending.value}
      onClick=${cancel}>Cancel</button>`}</div>`;
}

function Seen() {
  const now = run.value;
  if (now?.seen_by) return html`<p class="seen" data-testid="backtest-seen">
    <${Icon} name="check" />Seen by ${now.seen_by}: the draft may be published.</p>`;
  return canWrite && html`<p class="seen"><button type="button" class="button primary" data-testid="backtest-see" disabled=${sending.value}
    onClick=${see}>I have seen this</button><span class="muted">Then the draft may be published.</span></p>`;
}

const ENDS = /** @type {Record<string, string>} */ ({ failed: "The back-test failed.", cancelled: "The back-test was cancelled." });

export function BacktestPanel() {
  if (!draft.value) return html`<p class="muted" data-testid="backtest-none">No draft is open: there is nothing to test.</p>`;
  const now = run.value;
  const running = now?.state === "running";
  return html`<div class="backtest" data-testid="backtest">
    <form class="backtest-ask" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); void start(); }}>
      <label for="backtest-window">What would the draft have done?</label>
      <select id="backtest-window" data-testid="backtest-window" value=${chosen.value} disabled=${!canWrite || running}
        onChange=${(/** @type {any} */ event) => (chosen.value = event.target.value)}>
        ${WINDOWS.map(([name, label]) => html`<option value=${name} key=${name}>${label}</option>`)}</select>
      <button type="submit" class="button" data-testid="backtest-start" disabled=${!canWrite || running || sending.value}>Start</button>
    </form>
    <div role="alert">${failure.value && html`<p class="problem"
      data-testid="backtest-problem"><${Icon} name="triangle-alert" /><span>${failure.value}</span></p>`}</div>
    ${running && html`<${Progress} />`}
    ${now && ENDS[now.state] && html`<p class="muted" data-testid="backtest-ended">${ENDS[now.state]} ${now.problem ?? ""}</p>`}
    ${now?.state === "done" && html`${fits() ? html`<${Seen} />` : html`<p class="problem"
      data-testid="backtest-old"><${Icon} name="triangle-alert" />
      <span>The draft or the live version has changed since: start it again to publish by it.</span></p>`}
      <${Report} of=${now.report} />`}
  </div>`;
}
