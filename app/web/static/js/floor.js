// @ts-check
/** The floor: five numbers, the queues by risk, the agents; live for as long as the page is open. */
import { effect, html, render, signal } from "../vendor/vendor.js";
import { AskDialog } from "./ask.js";
import { now, serverNow } from "./clock.js";
import { count, duration, plural } from "./format.js";
import { Feed } from "./feed.js";
import { know } from "./floor-moves.js";
import { ToBeTold } from "./floor-proactive.js";
import { QueueTable } from "./floor-queues.js";
import { RepTable } from "./floor-reps.js";
import { ScoringChip } from "./floor-scoring.js";
import { changed, shownQueue, StuckBar, TaskTable } from "./floor-tasks.js";
import { listen } from "./keys.js";
import { dismiss, notices, notify } from "./notices.js";
import { PLACES } from "./places.js";
import { applyNews, NoticeBell } from "./rule-notices.js";
import * as shell from "./shell.js";
import { Shape } from "./sla.js";
import { leadBy, TaskDialog } from "./task-rules.js";

const STALE_MS = 10_000; // numbers older than this are greyed

const floor = signal(/** @type {import("./types.js").Floor|null} */ (null));
const changedAt = signal(serverNow());

/** @param {import("./types.js").Floor} data */
function apply(data) {
  floor.value = data;
  changedAt.value = data.now_ms;
  know({ reps: data.reps, queues: data.queues, done: changed });
  changed();
}

/** What a screen reader says at once when tasks become late. */
const spoken = signal("");

/**
 * Tasks have just broken their promise: somebody has to see it wherever they look.
 * @param {{count:number,tasks:{task_id:string,queue:string,queue_title:string,customer:string}[]}} late
 */
function alarm(late) {
  const [first] = late.tasks;
  const where = [...new Set(late.tasks.map((task) => task.queue_title))].join(", ");
  const who = late.count === 1 && first ? first.customer : plural(late.count, "task");
  spoken.value = `${late.count === 1 ? "A task is" : `${late.count} tasks are`} late: ${who}, ${where}`;
  notify("error", `Late: ${who}, ${where}`, () => showQueue(late.tasks.length === 1 ? first.queue : ""), "Show");
}

/** @param {string} queue */
function showQueue(queue) {
  shownQueue.value = queue;
  document.querySelector("#open-tasks")?.scrollIntoView();
}

const feed = new Feed({
  snapshotUrl: "/api/v1/floor",
  streamUrl: "/api/v1/stream?view=floor",
  onSnapshot: (snapshot) => (apply(snapshot), applyNews(snapshot.told)),
  handlers: { floor: apply, breached: alarm, notices: applyNews },
});

const BINDINGS = [
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

/** How long ago the server last told us something: that it is quiet is told by `clock`. */
function DataAge() {
  const age = Math.max(0, now.value - feed.heardAt.value);
  // the server's heartbeat comes every 5 s, so an age below that says nothing
  const text = age < 6_000 ? "up to date" : `${duration(age)} old`;
  return html`<span class="chip data-age" data-testid="data-age" data-stale=${age > STALE_MS}>Data ${text}</span>`;
}

/**
 * @param {{label:string,value:string,note:string,testId:string,tone?:string,
 *   shape?:"at_risk"|"late"|"ok"}} props
 */
const Figure = ({ label, value, note, testId, tone = "plain", shape }) => html`
  <div class="figure" data-tone=${tone}>
    <span class="figure-label">${shape && html`<${Shape} name=${shape} />`}${label}</span>
    <strong class="figure-value" data-testid=${testId}>${value}</strong>
    <span class="figure-note muted">${note}</span>
  </div>
`;

/** @param {{data:import("./types.js").Floor}} props */
function Figures({ data }) {
  const ageMs = Math.max(0, now.value - data.now_ms);
  const waiting = data.queues.filter((queue) => queue.waiting > 0);
  const oldest = waiting.reduce((max, q) => (q.oldest_wait_s > max.oldest_wait_s ? q : max), waiting[0]);
  const { totals } = data;
  const ready = data.reps.filter((rep) => rep.state === "available");
  const free = ready.reduce((sum, rep) => sum + Math.max(0, rep.capacity - rep.load), 0);
  return html`<section class="figures" aria-label="Now">
    <${Figure} label="Waiting" value=${count(totals.waiting)} testId="total-waiting"
      note=${`${count(totals.offered)} offered · ${count(totals.accepted)} in work`} />
    <${Figure} label="Longest wait" value=${oldest ? duration(oldest.oldest_wait_s * 1000 + ageMs) : "0s"}
      testId="total-longest" note=${oldest ? `in ${oldest.title}` : "nobody waits"} />
    <${Figure} label="At risk" value=${count(totals.at_risk)} testId="total-at-risk" shape="at_risk"
      tone=${totals.at_risk > 0 ? "at_risk" : "plain"} note=${totals.at_risk > 0 ? "answer these next" : "none now"} />
    <${Figure} label="Breached" value=${count(totals.breached)} testId="total-breached" shape="late"
      tone=${totals.breached > 0 ? "late" : "plain"} note="past their window, target 0" />
    <${Figure} label="Agents available" value=${count(ready.length)} testId="total-available" shape="ok"
      tone=${ready.length === 0 && totals.waiting > 0 ? "late" : "plain"}
      note=${`of ${count(data.reps.length)} · room for ${count(free)} more`} />
  </section>`;
}

const TopBar = () => html`<header class="topbar">
  <h1>Floor</h1>
  <${shell.ConnectionChip} feed=${feed} />
  <${DataAge} />
  <${ScoringChip} />
  <span class="spring"></span>
  <span class="topbar-tools"><${NoticeBell} /><${shell.ThemeButton} /><${shell.KeysButton} /></span>
</header>`;

function Page() {
  if (feed.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${feed} />`;
  const data = floor.value;
  const stale = now.value - feed.heardAt.value > STALE_MS;
  return html`
    <${TopBar} />
    <${shell.ConnectionBar} feed=${feed} />
    <${shell.ReadOnlyBar} feed=${feed} />
    ${data && html`<${StuckBar} queues=${data.queues} />`}
    <div class="sr-only" aria-live="assertive" data-testid="floor-spoken">${spoken.value}</div>
    <main class="floor" id="main" data-stale=${stale}>
      ${data && html`
        <${Figures} data=${data} />
        <${ToBeTold} />
        <div class="floor-grid">
          <${QueueTable} queues=${data.queues} at=${data.now_ms} />
          <${RepTable} reps=${data.reps} />
        </div>
        <${TaskTable} queues=${data.queues} people=${new Map(data.reps.map((rep) => [rep.name, rep.title]))} />
      `}
    </main>
    <${AskDialog} />
    <${TaskDialog} />
    <${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} />
    <${shell.SignedOut} />
  `;
}

effect(() => {
  const late = floor.value?.totals.breached ?? 0;
  document.title = `${late > 0 ? `(${late} late) ` : ""}Floor · Handshake`;
});
/** To its row of the open tasks, where that is on the page. */
leadBy((id) => {
  const row = document.querySelector(`[data-testid="floor-task"][data-task-id="${CSS.escape(id)}"]`);
  return row && (() => (row.scrollIntoView({ block: "center" }), row.querySelector("button")?.focus()));
});
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
feed.start();
