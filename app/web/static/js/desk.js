// @ts-check
/** The agent's desk: puts the parts together, feeds them and binds the keys. */
import { effect, html, render, useEffect } from "../vendor/vendor.js";
import { accept, decline, setState, toggleState } from "./actions.js";
import { readOnly } from "./api.js";
import { AskDialog } from "./ask.js";
import { now, serverNow } from "./clock.js";
import { askCorrect } from "./correct.js";
import { Conversation } from "./desk-conversation.js";
import { TaskList } from "./desk-list.js";
import { applyFlights, askFlight } from "./desk-flights.js";
import { OfferSlot } from "./desk-offer.js";
import { ProfilePanel } from "./desk-profile.js";
import { sweepDrafts } from "./drafts.js";
import { count, duration } from "./format.js";
import { Feed } from "./feed.js";
import { Icon } from "./icon.js";
import { listen } from "./keys.js";
import { PLACES } from "./places.js";
import { askPark, askTransfer, wrapUp } from "./moves.js";
import { applyNews, NoticeBell } from "./rule-notices.js";
import * as shell from "./shell.js";
import { Load, StateMark } from "./states.js";
import * as store from "./store.js";
import { leadBy, TaskDialog } from "./task-rules.js";
import { TrailDialog } from "./trail.js";

const NARROW = matchMedia("(max-width: 899px)");

const feed = new Feed({
  snapshotUrl: "/api/v1/desk",
  streamUrl: "/api/v1/stream",
  onSnapshot: (snapshot) => (store.applySnapshot(snapshot), applyNews(snapshot.told)),
  handlers: {
    offer: store.applyOffer,
    offer_ended: store.applyOfferEnded,
    task: store.applyTask,
    task_closed: store.applyClosed,
    me: (me) => (store.me.value = me),
    queues: store.applyQueues,
    flights: applyFlights,
    notices: applyNews,
  },
});

/** @param {string} testId */
const press = (testId) => {
  const button = document.querySelector(`[data-testid="${testId}"]`);
  if (button instanceof HTMLElement) button.click();
};
/** @param {string} selector */
const focus = (selector) => {
  const element = document.querySelector(selector);
  if (element instanceof HTMLElement) element.focus();
};

function openSelected() {
  if (!store.selected.value) return;
  store.select(store.selected.value.task_id);
  focus("#conversation-name");
}

function escape() {
  if (store.drawerOpen.value) store.drawerOpen.value = false;
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

const BINDINGS = [
  { keys: "Alt+A", label: "Accept the offer", run: () => accept() },
  { keys: "Alt+R", label: "Decline the offer", run: () => decline() },
  { keys: "Alt+P", label: "Pause or resume me", run: toggleState },
  { keys: "j", label: "Next task", run: () => store.selectNext(1) },
  { keys: "k", label: "Previous task", run: () => store.selectNext(-1) },
  { keys: "Enter", label: "Open the task", run: openSelected },
  { keys: "r", label: "Write a reply", run: () => focus("#reply") },
  { keys: "Ctrl+Enter", label: "Send the reply", run: () => press("task-send") },
  { keys: "e", label: "Complete the task", run: () => press("task-complete") },
  { keys: "t", label: "Hand the task on", run: () => askTransfer(store.selected.value) },
  { keys: "s", label: "Park the task", run: () => store.selected.value?.state === "accepted" && askPark(store.selected.value) },
  { keys: "f", label: "Add the task to a flight", run: () => askFlight(store.selected.value) },
  { keys: "w", label: "Begin the wrap-up", run: () => wrapUp(store.selected.value) },
  { keys: "c", label: "Correct the score", run: () => store.selected.value && askCorrect(store.selected.value.mention_id) },
  { keys: "i", label: "Customer panel", run: () => (store.drawerOpen.value = !store.drawerOpen.value) },
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
  { keys: "Escape", label: "Leave a field, close a panel", run: escape },
];

function QueueChip() {
  const mine = store.myQueues.value;
  const waiting = mine.reduce((sum, queue) => sum + queue.waiting, 0);
  const oldest = Math.max(0, ...mine.map((queue) => (queue.waiting > 0 ? queue.oldest_wait_s : 0)));
  const ageMs = Math.max(0, now.value - store.queuesAt.value);
  const longest = waiting > 0 ? duration(oldest * 1000 + ageMs) : "";
  return html`<span class="chip queue-chip" data-testid="my-queues">
    <span class="chip-label">My queues</span>
    <span><b data-testid="my-waiting">${count(waiting)}</b> waiting${longest && html`<span> · longest </span>
      <b data-testid="my-longest">${longest}</b>`}</span>
  </span>`;
}

/** @param {{state:import("./types.js").RepState,icon:string,label:string,testId:string}} props */
function StateButton({ state, icon, label, testId }) {
  const on = store.me.value?.state === state;
  return html`<button type="button" data-testid=${testId} aria-pressed=${on} title=${label}
    disabled=${readOnly.value}    onClick=${() => setState(state)}><${Icon} name=${icon} /><span>${label}</span></button>`;
}

function MyState() {
  const me = store.me.value;
  if (!me) return null;
  if (me.capacity === 0) return html`<span class="chip" data-testid="my-state" data-state=${me.state}>Looking on</span>`;
  return html`
    <span class="chip my-state" data-testid="my-state" data-state=${me.state} title=${me.reason}>
      <${StateMark} state=${me.state} />
      ${me.reason && me.state !== "available" && html`<span class="reason ellipsis">${me.reason}</span>`}
      <${Load} load=${me.load} capacity=${me.capacity} />
    </span>
    <div class="segmented" role="group" aria-label="My status">
      <${StateButton} state="available" icon="play" label="Ready" testId="state-ready" />
      <${StateButton} state="paused" icon="pause" label="Pause" testId="state-pause" />
      <${StateButton} state="offline" icon="power" label="Go offline" testId="state-offline" />
    </div>
  `;
}

const TopBar = () => html`<header class="topbar">
  <h1>Desk</h1>
  <${shell.ConnectionChip} feed=${feed} />
  <${QueueChip} />
  <span class="spring"></span>
  <${MyState} />
  <span class="topbar-tools"><${NoticeBell} /><${shell.SoundButton} /><${shell.ThemeButton} /><${shell.KeysButton} /></span>
</header>`;

/** Back on a phone leads from the task to the list. */
function useBackGesture() {
  const pane = store.pane.value;
  useEffect(() => {
    if (pane === "task" && NARROW.matches && !history.state?.task) history.pushState({ task: true }, "");
  }, [pane]);
}

function Desk() {
  useBackGesture();
  if (feed.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${feed} />`;
  const task = store.selected.value;
  return html`
    <${TopBar} />
    <${shell.ConnectionBar} feed=${feed} />
    <${shell.ReadOnlyBar} feed=${feed} />
    <div class="desk" data-pane=${store.pane.value} data-loaded=${feed.loaded.value}>
      <${TaskList} /><${Conversation} task=${task} /><${ProfilePanel} task=${task} />
    </div>
    <${OfferSlot} />
    <${shell.Notices} notices=${store.notices.value} dismiss=${store.dismiss} />
    <${AskDialog} />
    <${TaskDialog} />
    <${TrailDialog} />
    <${shell.KeySheet} bindings=${BINDINGS} />
    <${shell.SignedOut} />
  `;
}

/** The tab tells how much waits for me, also from the background. */
function watchTitle() {
  effect(() => {
    const open = store.tasks.value.filter((task) => !task.reply).length;
    const waiting = open + (store.offer.value ? 1 : 0);
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}Desk · Handshake`;
    const icon = /** @type {HTMLLinkElement|null} */ (document.querySelector("#favicon"));
    if (icon) icon.href = `/static/favicon${store.offer.value ? "-offer" : ""}.svg`;
  });
}

sweepDrafts();
watchTitle();
leadBy((id) => (store.tasks.value.some((task) => task.task_id === id) ? () => store.select(id) : null));
listen(BINDINGS);
addEventListener("popstate", () => (store.pane.value = "list"));
render(html`<${Desk} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
store.queuesAt.value = serverNow();
feed.start();
