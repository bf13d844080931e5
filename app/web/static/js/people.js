// @ts-check
/** People: pairs that may be one person, decided one by one; and who somebody is. */
import { effect, html, render } from "../vendor/vendor.js";
import { AskDialog } from "./ask.js";
import { listen } from "./keys.js";
import { dismiss, notices } from "./notices.js";
import { OnePerson } from "./people-one.js";
import { choose, OnePair, sure } from "./people-pair.js";
import * as store from "./people-store.js";
import { PLACES } from "./places.js";
import * as shell from "./shell.js";

const search = () => /** @type {HTMLInputElement|null} */ (document.querySelector("#people-find"));

const BINDINGS = [
  { keys: "j", label: "Next pair", run: () => store.selectNext(1) },
  { keys: "k", label: "Previous pair", run: () => store.selectNext(-1) },
  { keys: "s", label: "They are the same person", run: () => choose("join") },
  { keys: "n", label: "They are not the same person", run: () => choose("apart") },
  { keys: "/", label: "Find somebody", run: () => setTimeout(() => search()?.focus()) },
  { keys: "Escape", label: "Back to the pairs", run: store.close, hidden: true },
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

/** @param {{side:import("./people-store.js").Side}} props */
const Hit = ({ side }) => html`<li><button type="button" class="pair-line" data-testid="found" onClick=${() => store.open(side.node)}>
  <span class="pair-names" dir="auto">${side.name}</span><span class="muted pair-note" dir="auto">${side.node}</span></button></li>`;

function Finder() {
  const found = store.found.value;
  return html`<form class="finder" role="search" onSubmit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    void store.find(search()?.value ?? "");
  }}>
    <label for="people-find">Find somebody</label>
    <input id="people-find" type="search" data-testid="people-find" maxlength="300" placeholder="Customer id, x:handle, mail or phone" />
    ${found && (found.length === 0 ? html`<p class="muted" data-testid="found-nobody">Nobody is known by that.</p>`
      : html`<ul class="pair-list">${found.map((side) => html`<${Hit} key=${side.node} side=${side} />`)}</ul>`)}</form>`;
}

/** @param {{pair:import("./people-store.js").Pair}} props */
const Line = ({ pair }) => html`<li><button type="button" class="pair-line" data-testid="pair-row"
  aria-current=${pair.pair === store.shownPair()?.pair && !store.person.value ? "true" : undefined} onClick=${() => store.choosePair(pair.pair)}>
  <span class="pair-names" dir="auto"><bdi>${pair.a.name}</bdi> · <bdi>${pair.b.name}</bdi></span>
  <span class="muted num">${sure(pair)}</span>
  <span class="muted pair-note">${pair.why}</span></button></li>`;

const List = () => html`<nav class="people-list panel" aria-label="Pairs">
  <${Finder} />
  <section aria-label="To decide"><h2 class="pair-group">To decide <span class="muted num" data-testid="pairs-open">${store.waiting.value}</span></h2>
    ${store.pairs.value.length === 0 ? html`<p class="muted" data-testid="no-pairs">No pair waits for a decision.</p>`
      : html`<ul class="pair-list">${store.pairs.value.map((pair) => html`<${Line} key=${pair.pair} pair=${pair} />`)}</ul>`}</section></nav>`;

function Main() {
  if (store.person.value) return html`<${OnePerson} person=${store.person.value} />`;
  const pair = store.shownPair();
  if (pair) return html`<${OnePair} key=${pair.pair} pair=${pair} />`;
  return html`<div class="empty"><h2>Nobody waits for you</h2>
    <p>Where two records or handles may be one person and Handshake is not sure, they come here with what agrees between them.</p></div>`;
}

function Page() {
  if (store.poll.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${store.poll} />`;
  return html`<header class="topbar"><h1>People</h1><${shell.ConnectionChip} feed=${store.poll} /><span class="spring"></span>
      <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>
    <${shell.ConnectionBar} feed=${store.poll} />
    <main class="people-page" id="main">${store.poll.loaded.value && html`<${List} /><div class="people-main"><${Main} /></div>`}</main>
    <${AskDialog} /><${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

effect(() => {
  document.title = `${store.waiting.value > 0 ? `(${store.waiting.value}) ` : ""}People · Handshake`;
});
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
store.start();
