// @ts-check
/** Flights: what a group follows together for one situation; live for as long as the page is open. */
import { effect, html, render } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { AskDialog } from "./ask.js";
import { now } from "./clock.js";
import { FlightForm } from "./flights-form.js";
import { OneFlight } from "./flights-one.js";
import * as store from "./flights-store.js";
import { soon } from "./flights-words.js";
import { count, plural } from "./format.js";
import { listen } from "./keys.js";
import { dismiss, notices } from "./notices.js";
import { PLACES } from "./places.js";
import * as shell from "./shell.js";

/** @typedef {import("./flights-types.js").Head} Head */

const leads = () => store.overview.value?.lead === true;

function edit() {
  const flight = store.shown.value;
  if (flight?.may.lead && flight.state === "open" && !store.form.value) void store.openForm(flight);
}

const BINDINGS = [
  { keys: "j", label: "Next flight", run: () => store.selectNext(1) },
  { keys: "k", label: "Previous flight", run: () => store.selectNext(-1) },
  { keys: "n", label: "Open a new flight", run: () => leads() && !store.form.value && store.openForm(null) },
  { keys: "e", label: "Edit the flight", run: edit },
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

/** How far it is: steps where it has a route. @param {{flight:Head}} props */
function Progress({ flight }) {
  const { done, of } = flight.route;
  if (of === 0) return html`<span class="muted">no route</span>`;
  return html`<span class="progress"><progress max=${of} value=${done} aria-label=${`${done} of ${of} steps done`}></progress><span class="num muted">${done}/${of}</span></span>`;
}

/** @param {{flight:Head}} props */
function Line({ flight }) {
  const on = store.shown.value?.id === flight.id && !store.form.value;
  return html`<li><button type="button" class="flight-line" data-testid="flight-row" data-flight-id=${flight.id} data-state=${flight.state} aria-current=${on ? "true" : undefined}
    onClick=${() => store.select(flight.id)}>
    <span class="flight-line-name" dir="auto">${flight.name}</span>
    <${Progress} flight=${flight} />
    <span class="muted flight-line-note">${flight.closed ? (flight.closed.how === "reached" ? "goal reached" : "closed by hand")
      : `${count(flight.open)} of ${plural(flight.tasks, "task")} open`}${!flight.closed && flight.due_ms > 0 ? ` · ${soon(flight, now.value)}` : ""}</span>
  </button></li>`;
}

/** @param {{title:string,list:Head[],none:string}} props */
const Group = ({ title, list, none }) => html`<section aria-label=${title}><h2 class="flight-group">${title} <span class="muted num">${list.length}</span></h2>
  ${list.length === 0 ? html`<p class="muted flight-none">${none}</p>` : html`<ul class="flight-list">${list.map((flight) => html`<${Line} key=${flight.id} flight=${flight} />`)}</ul>`}</section>`;

function List() {
  const found = store.overview.value;
  return html`<nav class="flights-list panel" aria-label="Flights" data-testid="flights-list">
    ${leads() && html`<button type="button" class="button primary" data-testid="flight-new" disabled=${readOnly.value} onClick=${() => store.openForm(null)}>Open a flight <kbd>n</kbd></button>`}
    <${Group} title="Open" list=${found?.open ?? []} none="No flight is open." />
    <${Group} title="Closed" list=${found?.closed ?? []} none="None so far." />
  </nav>`;
}

function Main() {
  if (store.form.value) return html`<${FlightForm} key=${store.form.value.of?.id ?? "new"} />`;
  if (store.shown.value) return html`<${OneFlight} flight=${store.shown.value} />`;
  return html`<div class="empty" data-testid="no-flight"><h2>A flight is a goal with a route</h2>
    <p>For one situation, such as a storm that cancels trains: what starts it, where it should end, the steps on the way, and what all of its group say meanwhile.</p></div>`;
}

const TopBar = () => html`<header class="topbar"><h1>Flights</h1><${shell.ConnectionChip} feed=${store.feed} /><span class="spring"></span>
  <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>`;

function Page() {
  if (store.feed.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${store.feed} />`;
  return html`<${TopBar} /><${shell.ConnectionBar} feed=${store.feed} /><${shell.ReadOnlyBar} feed=${store.feed} />
    <main class="flights" id="main">${store.overview.value && html`<${List} /><div class="flight-main"><${Main} /></div>`}</main>
    <${AskDialog} /><${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

effect(() => {
  const open = store.overview.value?.open.length ?? 0;
  document.title = `${open > 0 ? `(${open}) ` : ""}Flights · Handshake`;
});
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
store.start();
