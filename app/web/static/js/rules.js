// @ts-check
/** The rules: the live version and drafts as decision tables, tried, back-tested, published, rolled back. */
import { html, render } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { AskDialog } from "./ask.js";
import { listen } from "./keys.js";
import { dismiss, notices } from "./notices.js";
import { PLACES } from "./places.js";
import { Dock } from "./rules-dock.js";
import { guarded, startEditing, undo } from "./rules-edit.js";
import { focusRow, step } from "./rules-focus.js";
import { keptSlots, sweepKept } from "./rules-kept.js";
import { DraftBars, Elsewhere, LiveBand, RulesBars } from "./rules-live.js";
import { askPublish, askThrowAway, publishProblem } from "./rules-publish.js";
import { poll } from "./rules-soon.js";
import * as store from "./rules-store.js";
import { Tables } from "./rules-table.js";
import { TryPanel } from "./rules-try.js";
import * as shell from "./shell.js";

const free = () => !document.querySelector("dialog[open]");

function escape() {
  const now = store.opened.value;
  if (!now || !free()) return;
  store.opened.value = null;
  focusRow(now.what === "row" ? now.id : now.what === "new" ? now.after || now.before : undefined);
}

/** The form that is open, as its button does. */
const save = () => free() && /** @type {HTMLFormElement|null} */ (document.querySelector(".rule-form"))?.requestSubmit();

const BINDINGS = [
  { keys: "j", label: "Next row", run: () => step(1) },
  { keys: "k", label: "Previous row", run: () => step(-1) },
  { keys: "/", label: "Filter", run: () => /** @type {HTMLElement|null} */ (document.querySelector("#filter"))?.focus() },
  { keys: "e", label: "Edit", run: () => store.canWrite && store.showing.value === "live" && startEditing() },
  { keys: "Ctrl+Enter", label: "Save the open row", run: save },
  { keys: "z", label: "Undo the last change", run: () => store.editable.value && undo() },
  { keys: "Escape", label: "Close the open row", run: escape },
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

const TopBar = () => html`<header class="topbar"><h1>Rules</h1><${shell.ConnectionChip} feed=${poll} /><span class="spring"></span>
  <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>`;

/** @param {any} event */
const choose = (event) => (event.target.value === "live" ? store.showLive() : guarded(() => store.showDraft(event.target.value)));

function Toolbar() {
  const drafts = store.overview.value?.drafts ?? [];
  const onDraft = store.showing.value === "draft" && store.draft.value;
  const problem = publishProblem();
  return html`<div class="rules-tools">
    <input id="filter" type="search" data-testid="filter" placeholder="Filter rows" aria-label="Filter rows" value=${store.filter.value}
      onInput=${(/** @type {any} */ event) => (store.filter.value = event.target.value)} />
    <label class="showing" for="showing"><span class="muted">Showing</span>
      <select id="showing" data-testid="showing" value=${onDraft ? store.draft.value?.id : "live"} onChange=${choose}>
        <option value="live">Live version ${store.live.value?.number}</option>
        ${drafts.map((one) => html`<option key=${one.id} value=${one.id}>${one.title}</option>`)}</select></label>
    <span class="spring"></span>
    ${store.canWrite && (onDraft ? html`
      <button type="button" class="button" data-testid="throw-away" onClick=${askThrowAway}>Throw away</button>
      <button type="button" class="button primary" data-testid="publish" aria-disabled=${problem !== ""} title=${problem}
        disabled=${problem !== "" || readOnly.value}
        onClick=${askPublish}>Publish</button>`
    : html`<button type="button" class="button primary" data-testid="edit" disabled=${readOnly.value}
      onClick=${startEditing}>Edit <kbd>e</kbd></button>`)}
  </div>`;
}

function Page() {
  if (poll.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${poll} />`;
  const loaded = store.overview.value !== null && store.live.value !== null;
  return html`
    <${TopBar} /><${shell.ConnectionBar} feed=${poll} /><${RulesBars} />
    <main class="rules" id="main">
      ${loaded && html`
        <div class="rules-main"><${LiveBand} /><${Toolbar} /><${Elsewhere} /><${DraftBars} />
          <div class="rules-tables" data-testid="tables"><${Tables} /></div></div>
        <${TryPanel} /><${Dock} />`}
    </main>
    <${AskDialog} /><${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

/** After a reload: the draft that was shown, and the row with text that was not saved. */
async function goOn() {
  const id = store.lastShown();
  if (!id || !store.overview.value?.drafts.some((one) => one.id === id)) return;
  await guarded(() => store.showDraft(id));
  const [slot] = keptSlots(id).filter((name) => /^(row|new|text) /.test(name));
  const [what, file, ...rest] = slot?.split(" ") ?? [];
  if (what === "row") store.opened.value = { what, id: slot.slice(4) };
  if (what === "text") store.opened.value = { what, file: slot.slice(5) };
  if (what === "new") store.opened.value = { what, file, before: rest[0] ?? "", after: rest[1] ?? "", kind: rest[2] || "row" };
}

async function begin() {
  sweepKept();
  await Promise.all([poll.start(), guarded(store.loadQueues)]);
  await goOn();
}

document.title = "Rules · Handshake";
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
void begin();
