// @ts-check
/** The contact history: search over everything said, and one person's timeline over all channels. */
import { html, render, signal } from "../vendor/vendor.js";
import { getJson, readOnly } from "./api.js";
import { AskDialog } from "./ask.js";
import { count, dateTime, plural, words } from "./format.js";
import { Lines } from "./history-lines.js";
import { askNote } from "./history-note.js";
import { Icon } from "./icon.js";
import { listen } from "./keys.js";
import { dismiss, notices } from "./notices.js";
import { PLACES } from "./places.js";
import { Poll } from "./poll.js";
import * as shell from "./shell.js";

/**
 * @typedef {import("./history-lines.js").Line} Line
 * @typedef {{key:string,keys:string[],customer_id:string,name:string,tier:string,totals:{mentions:number,open:number,
 *   satisfied:number,unsatisfied:number,cases:number},advocacy:string,advocacy_source:string,advocacy_ms:number,standings:Standing[]}} Person
 * @typedef {{channel:string,at_ms:number,role:string,posts:number,accepted:number,kudos:number,trust:number,ally:boolean}} Standing
 * @typedef {{lines:Line[],next:string,person:Person|null}} Found
 */

const ROOT = "/api/v1/history";
const EVERY_MS = 3_000;
const DAY_MS = 86_400_000;
const KINDS = ["said", "edited", "feedback", "replied", "completed", "cancelled", "closed", "handed_off", "offline", "sent",
  "not_sent", "case_opened", "case_closed"];
const STATUSES = ["received", "waiting", "offered", "in work", "parked", "answered", "completed", "cancelled", "closed"];
/** What the address of this page may say. */
const NAMES = ["q", "person", "channel", "kind", "status", "since", "until", "thread"];
/** Who may write into it; the server checks it again. */
const canNote = ["agent", "supervisor", "admin"].includes(document.body.dataset.role ?? "");

const asked = signal(fromAddress());
const lines = signal(/** @type {Line[]} */ ([]));
const next = signal("");
const person = signal(/** @type {Person|null} */ (null));
let turn = 0; // answers to what was asked before are thrown away

function fromAddress() {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? ""]));
}

/** A day of a date field is the reader's own. @param {string} day @param {number} later */
function moment(day, later) {
  const [year, month, date] = day.split("-").map(Number);
  const begin = new Date(year, month - 1, date);
  return Number.isNaN(begin.getTime()) ? "" : new Date(begin.getTime() + later).toISOString();
}

/** @param {string} before @returns {Promise<Found>} */
function fetchPage(before) {
  const { since, until, ...rest } = asked.value;
  const query = { ...rest, since: since && moment(since, 0), until: until && moment(until, DAY_MS), before };
  const given = Object.entries(query).filter(([, value]) => value);
  return getJson(`${ROOT}?${new URLSearchParams(given)}`);
}

/** The newest page; older lines that are shown already stay. */
async function ask() {
  const mine = turn;
  const found = await fetchPage("");
  if (mine !== turn) return;
  const fresh = new Set(found.lines.map((line) => line.seq));
  const older = lines.value.filter((line) => !fresh.has(line.seq));
  if (older.length === 0 || !found.next) next.value = found.next;
  lines.value = found.next ? [...found.lines, ...older] : found.lines;
  person.value = found.person;
}
const poll = new Poll(ask, () => EVERY_MS);

async function more() {
  const mine = turn;
  const found = await fetchPage(next.value);
  if (mine !== turn) return;
  const shown = new Set(lines.value.map((line) => line.seq));
  lines.value = [...lines.value, ...found.lines.filter((line) => !shown.has(line.seq))];
  next.value = found.next;
}

/** @param {Record<string,string>} change */
function search(change) {
  asked.value = { ...asked.value, ...change };
  const given = NAMES.filter((name) => asked.value[name]).map((name) => [name, asked.value[name]]);
  history.replaceState(null, "", `/history${given.length > 0 ? `?${new URLSearchParams(given)}` : ""}`);
  turn += 1;
  [lines.value, next.value] = [[], ""];
  void poll.once();
}

/** @param {{name:string,label:string,type:string,hint?:string}} props */
const Input = ({ name, label, type, hint }) => html`<label for=${`history-${name}`}>${label}
  <input id=${`history-${name}`} data-testid=${`history-${name}`} type=${type} dir="auto" placeholder=${hint} value=${asked.value[name]}
    onChange=${(/** @type {any} */ event) => search({ [name]: event.target.value.trim() })} /></label>`;

/** @param {{name:string,label:string,options:string[]}} props */
const Pick = ({ name, label, options }) => html`<label for=${`history-${name}`}>${label}
  <select id=${`history-${name}`} data-testid=${`history-${name}`} value=${asked.value[name]} onChange=${(/** @type {any} */ event) => search({ [name]: event.target.value })}>
    <option value="">All</option>${options.map((one) => html`<option key=${one} value=${one}>${words(one)}</option>`)}</select></label>`;

const Tools = () => html`<form class="history-tools" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
  <${Input} name="q" label="Words" type="search" hint="Everything said" />
  <${Input} name="person" label="Person" type="search" hint="channel:handle or customer id" />
  <${Pick} name="kind" label="What" options=${KINDS} />
  <${Pick} name="status" label="Status" options=${STATUSES} />
  <${Input} name="channel" label="Channel" type="search" hint="All" />
  <${Input} name="since" label="From" type="date" />
  <${Input} name="until" label="To" type="date" />
</form>`;

/** @param {number} ms */
const day = (ms) => dateTime(new Date(ms).toISOString());

/** Who they are in communities, and what sources state: each with whose word it is. @param {{who:Person}} props */
const Known = ({ who }) => html`
  ${["ally", "advocate"].includes(who.advocacy) && html`<p data-testid="history-advocacy"><span class="tag">${who.advocacy}</span>
    <span class="muted"> as <bdi>${who.advocacy_source}</bdi> says, since ${day(who.advocacy_ms)}</span></p>`}
  ${who.standings.map((one) => html`<p key=${one.channel} data-testid="history-standing">${one.ally && html`<span class="tag">ally</span>`}
    <span class="muted"> ${words(one.channel)}: ${one.role && `${words(one.role)}, `}${plural(one.posts, "post")}, ${plural(one.accepted, "accepted answer")},
      ${" "}${count(one.kudos)} kudos, at ${day(one.at_ms)}</span></p>`)}`;

/** @param {{who:Person}} props */
function Who({ who }) {
  const name = who.name || who.key;
  const { totals } = who;
  return html`<header class="history-who" data-testid="history-who"><div><h2 dir="auto">${name}
      ${who.tier && html` <span class="tag tier">${who.tier}</span>`}</h2>
    ${(who.name || who.keys.length > 1) && html`<p class="muted">${who.keys.map((key) => html`<bdi key=${key} class="tag plain">${key.replace(/^:/, "customer ")}</bdi> `)}</p>`}
    <${Known} who=${who} />
    <p class="muted" data-testid="history-totals">${plural(totals.mentions, "mention")}, ${count(totals.open)} open;
      ${" "}${count(totals.satisfied)} satisfied and ${count(totals.unsatisfied)} unsatisfied with a response${totals.cases > 0 && `; ${plural(totals.cases, "open case")}`}</p></div>
    <span class="spring"></span>
    ${canNote && html`<button type="button" class="button" data-testid="history-note" disabled=${readOnly.value}
      onClick=${() => askNote(who.key, name, () => void poll.once())}><${Icon} name="clipboard-list" />Write down <kbd>n</kbd></button>`}
    <a class="button" href="/history" data-testid="history-everybody">Everybody</a></header>`;
}

const Thread = () => html`<header class="history-who" data-testid="history-thread"><h2>Thread <bdi>${asked.value.thread}</bdi></h2>
  <span class="spring"></span><a class="button" href="/history">Everything</a></header>`;

const Body = () => html`
  ${asked.value.thread && html`<${Thread} />`}
  ${person.value && html`<${Who} who=${person.value} />`}
  <section class="panel" aria-label="Timeline">
    ${lines.value.length === 0
      ? html`<p class="empty" data-testid="history-none">Nothing was said that fits.</p>`
      : html`<${Lines} lines=${lines.value} alone=${person.value !== null} after=${() => void poll.once()} />`}
    ${next.value && html`<p class="history-more"><button type="button" class="button" data-testid="history-more" onClick=${more}>Earlier ones</button></p>`}
  </section>`;

const BINDINGS = [
  { keys: "/", label: "Search", run: () => document.getElementById("history-q")?.focus() },
  { keys: "n", label: "Write down what happened elsewhere", run: () => /** @type {HTMLElement|null} */ (document.querySelector('[data-testid="history-note"]'))?.click() },
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

function Page() {
  if (poll.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${poll} />`;
  return html`<header class="topbar"><h1>History</h1><${shell.ConnectionChip} feed=${poll} /><span class="spring"></span>
      <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>
    <${shell.ConnectionBar} feed=${poll} />
    <main class="history" id="main" tabindex="0"><${Tools} />${poll.loaded.value && html`<${Body} />`}</main>
    <${AskDialog} /><${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

document.title = "History · Handshake";
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
void poll.start();
