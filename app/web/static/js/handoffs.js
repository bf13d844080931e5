// @ts-check
/** What partners were sent and how it went; an event is sent once more, with a reason. */
import { html, render, signal } from "../vendor/vendor.js";
import { getJson, postJson, readOnly } from "./api.js";
import { asking, AskDialog, reasonField } from "./ask.js";
import { dateTime, plural, words } from "./format.js";
import { listen } from "./keys.js";
import { dismiss, notices, notify } from "./notices.js";
import { PLACES } from "./places.js";
import { Poll } from "./poll.js";
import * as shell from "./shell.js";

/**
 * @typedef {{event_id:string,partner:string,mention_id:string,kind:string,stage:string,state:string,attempts:number,
 *   status:number,problem:string,route:string,round:number,created_ms:number,next_ms:number,changed_ms:number}} Line
 */

const ROOT = "/api/v1/handoffs";
const EVERY_MS = 2_000;
const MOST = 200;
const STATES = ["pending", "delivered", "failed"];
/** Who may send once more; the server checks it again. */
const canReplay = ["sre", "admin"].includes(document.body.dataset.role ?? "");

const lines = signal(/** @type {Line[]} */ ([]));
const partners = signal(/** @type {string[]} */ ([]));
const state = signal("");
const partner = signal("");
const mention = signal("");

async function ask() {
  const asked = new URLSearchParams({ limit: String(MOST) });
  if (state.value) asked.set("state", state.value);
  if (partner.value) asked.set("partner", partner.value);
  if (mention.value) asked.set("mention_id", mention.value);
  const found = /** @type {Line[]} */ (await getJson(`${ROOT}?${asked}`));
  lines.value = found;
  partners.value = [...new Set([...partners.value, ...found.map((line) => line.partner)])].sort();
}
const poll = new Poll(ask, () => EVERY_MS);

/** @param {Line} line */
function askReplay(line) {
  asking.value = {
    title: `Send to ${line.partner} once more`,
    about: `The same event with the same id: a partner who has taken it already knows it by that.`,
    first: { reason: "" },
    fields: () => [reasonField("Why")],
    confirm: () => "Send once more",
    run: async ({ reason }, key) => {
      await postJson(`${ROOT}/${encodeURIComponent(line.event_id)}/replay`, { reason }, key);
      notify("info", `It is on its way to ${line.partner} again.`);
      await poll.once();
    },
  };
}

/** @param {Line} line */
function answer(line) {
  if (line.problem) return line.problem;
  if (line.route) return `Routed: ${line.route}`;
  return line.status > 0 ? `Answered ${line.status}` : "–";
}

/** @param {{line:Line}} props */
const Row = ({ line }) => html`<tr data-testid="handoff" data-state=${line.state} data-mention=${line.mention_id}>
  <th scope="row">${line.partner}</th>
  <td data-label="What">${line.kind === "status" ? `told: ${words(line.stage)}` : "handed off"}
    <span class="small-note">${line.mention_id}</span></td>
  <td data-label="State"><span class="state" data-state=${line.state} data-testid="handoff-state">${line.state}</span>
    <span class="small-note">${plural(line.attempts, "attempt")}${line.round > 0 && `, sent again by hand${line.round > 1 ? ` ${line.round} times` : ""}`}</span></td>
  <td data-label="Answer" class="wide" data-testid="handoff-answer">${answer(line)}</td>
  <td data-label="Since">${dateTime(new Date(line.created_ms).toISOString())}</td>
  <td>${canReplay && line.state !== "pending" && html`<button type="button" class="button small" data-testid="handoff-replay"
    disabled=${readOnly.value} aria-label=${`Send once more to ${line.partner}: ${line.mention_id}`}
    onClick=${() => askReplay(line)}>Send once more</button>`}</td></tr>`;

/** @param {{id:string,label:string,all:string,value:import("../vendor/vendor.js").Signal<string>,options:string[]}} props */
const Pick = ({ id, label, all, value, options }) => html`<label for=${id}>${label}
  <select id=${id} data-testid=${id} value=${value.value} onChange=${(/** @type {any} */ event) => choose(value, event.target.value)}>
    <option value="">${all}</option>${options.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>`;

/** @param {{value:string}} of @param {string} to */
function choose(of, to) {
  of.value = to;
  void poll.once();
}

const Tools = () => html`<div class="handoffs-tools">
  <${Pick} id="handoffs-state" label="State" all="All" value=${state} options=${STATES} />
  <${Pick} id="handoffs-partner" label="Partner" all="All" value=${partner} options=${partners.value} />
  <label for="handoffs-mention">Mention
    <input id="handoffs-mention" type="search" data-testid="handoffs-mention" placeholder="Its id" value=${mention.value}
      onChange=${(/** @type {any} */ event) => choose(mention, event.target.value.trim())} /></label></div>`;

const HEADS = ["Partner", "What", "State", "Answer", "Since", ""];
const Log = () => html`<section class="panel" aria-label="Delivery log">
  ${lines.value.length === 0
    ? html`<p class="empty" data-testid="handoffs-none">Nothing was sent that fits. Partners are named in <code>config/handoffs.toml</code>,
      and rules hand mentions to them by <code>hand_off</code>.</p>`
    : html`<table class="log"><thead><tr>${HEADS.map((head) => html`<th scope="col">${head || html`<span class="sr-only">Do</span>`}</th>`)}</tr></thead>
      <tbody>${lines.value.map((line) => html`<${Row} key=${line.event_id} line=${line} />`)}</tbody></table>`}</section>`;


const BINDINGS = [
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

function Page() {
  if (poll.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${poll} />`;
  return html`<header class="topbar"><h1>Partners</h1><${shell.ConnectionChip} feed=${poll} /><span class="spring"></span>
      <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>
    <${shell.ConnectionBar} feed=${poll} />
    <main class="handoffs" id="main">${poll.loaded.value && html`<${Tools} /><${Log} />`}</main>
    <${AskDialog} /><${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

document.title = "Partners · Handshake";
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
void poll.start();
