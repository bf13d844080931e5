// @ts-check
/** Customers from files: upload, look at what the columns become, try, take in. */
import { html, render, useState } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { count, dateTime, percent, plural, words } from "./format.js";
import { listen } from "./keys.js";
import { dismiss, notices } from "./notices.js";
import { PLACES } from "./places.js";
import * as shell from "./shell.js";
import { cancel, choose, chosen, mapping, mappings, mayImport, poll, problem, ROOT, runs, sent, source, start, upload } from "./imports-store.js";

/** @typedef {import("./imports-store.js").Import} Import */

const OUTCOMES = ["new", "changed", "same", "contested", "rejected"];
const typed = (/** @type {(text:string)=>void} */ set) => (/** @type {any} */ event) => set(event.target.value);

/** @param {Import} run */
const share = (run) => (run.bytes ? Math.min(1, run.bytes_done / run.bytes) : 0);

function Upload() {
  if (!mayImport) return null;
  const pick = (/** @type {any} */ event) => event.target.files[0] && upload(event.target.files[0]);
  return html`<section class="panel pad" aria-label="Upload">
    <label class="upload" for="import-file">A CSV file with a first row of names, or Parquet
      <input id="import-file" type="file" data-testid="import-file" disabled=${sent.value !== null} onChange=${pick} /></label>
    ${sent.value !== null && html`<progress aria-label="Upload" max="1" value=${sent.value}></progress>`}
    ${problem.value && html`<p class="problem" role="alert" data-testid="import-problem"><span dir="auto">${problem.value}</span></p>`}
  </section>`;
}

/** What came of the rows so far. @param {{run:Import}} props */
function Counts({ run }) {
  const reasons = Object.entries(run.counts).filter(([name]) => name.startsWith("rejected."));
  return html`<dl class="counts" data-testid="import-counts">
    ${OUTCOMES.map((name) => html`<div data-outcome=${name}><dt>${words(name)}</dt>
      <dd data-testid=${`count-${name}`}>${count(run.counts[name] ?? 0)}</dd></div>`)}
    ${reasons.map(([name, many]) => html`<div class="reason"><dt>${words(name.slice("rejected.".length))}</dt><dd>${count(many)}</dd></div>`)}
  </dl>`;
}

/** @param {{run:Import}} props */
function Progress({ run }) {
  if (run.state === "uploaded") return null;
  const what = run.dry ? "Dry run" : "Import";
  return html`<div class="how-far">
    <p><b data-testid="import-state" data-state=${run.state}>${what}: ${run.state}</b>
      <span class="muted"> ${plural(run.rows_done, "row")}${run.state === "running" ? `, ${percent(share(run))}` : ""}</span></p>
    ${run.state === "running" && html`<progress aria-label=${what} max="1" value=${share(run)}></progress>`}
    ${run.problem && html`<p class="problem" role="alert"><span dir="auto">${run.problem}</span></p>`}
    <${Counts} run=${run} />
    ${(run.counts.rejected ?? 0) > 0 && html`<a class="button small" data-testid="import-rejects"
      href=${`${ROOT}/${encodeURIComponent(run.id)}/rejects`} download>Refused rows as CSV</a>`}
  </div>`;
}

/** One column: its name, what it becomes, and what it holds. @param {{run:Import,header:string,place:number}} props */
function Column({ run, header, place }) {
  const id = `column-${place}`;
  const cells = (run.preview?.rows ?? []).map((row) => row.cells[place]).filter(Boolean).slice(0, 3);
  const set = typed((field) => (mapping.value = { ...mapping.value, [header]: field }));
  return html`<tr data-testid="import-column">
    <th scope="row"><label for=${id} dir="auto">${header}</label></th>
    <td><select id=${id} data-testid=${id} disabled=${!mayImport} value=${mapping.value[header] ?? ""} onChange=${set}>
      <option value="">(nobody reads it)</option>
      ${(run.fields ?? []).map((field) => html`<option key=${field} value=${field}>${field}</option>`)}</select></td>
    <td class="muted" dir="auto">${cells.join(" · ")}</td></tr>`;
}

/** @param {{run:Import}} props */
function Mapping({ run }) {
  const [keep, setKeep] = useState("");
  if (!run.preview || run.state === "running") return null;
  const kept = Object.keys(mappings.value);
  const take = typed((name) => name && (mapping.value = { ...mapping.value, ...mappings.value[name] }));
  return html`<div class="mapping">
    <div class="tools">
      <label for="import-source">Whose word it is
        <input id="import-source" data-testid="import-source" value=${source.value} onInput=${typed((text) => (source.value = text.trim()))} /></label>
      ${kept.length > 0 && html`<label for="import-kept">Mapping
        <select id="import-kept" data-testid="import-kept" onChange=${take}><option value="">As guessed</option>
          ${kept.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`}
      <label for="import-keep">Keep it as
        <input id="import-keep" data-testid="import-keep" maxlength="80" value=${keep} onInput=${typed(setKeep)} /></label>
    </div>
    <table class="columns"><thead><tr><th scope="col">Column</th><th scope="col">Becomes</th><th scope="col">For example</th></tr></thead>
      <tbody>${run.preview.headers.map((header, place) => html`<${Column} key=${header} run=${run} header=${header} place=${place} />`)}</tbody></table>
    ${mayImport && html`<p class="actions">
      <button type="button" class="button" data-testid="import-try" disabled=${readOnly.value} onClick=${() => start(true, keep)}>Try</button>
      <button type="button" class="button primary" data-testid="import-start" disabled=${readOnly.value} onClick=${() => start(false, keep)}>Import</button></p>`}
  </div>`;
}

function One() {
  const run = chosen.value;
  if (!run) return null;
  return html`<section class="panel pad" data-testid="import-one" aria-label="The import">
    <h2 dir="auto">${run.file}</h2>
    <${Progress} run=${run} /><${Mapping} run=${run} />
    ${run.state === "running" && mayImport && html`<p class="actions"><button type="button" class="button" data-testid="import-cancel"
      onClick=${cancel}>Cancel</button></p>`}
  </section>`;
}

/** @param {{run:Import}} props */
const Line = ({ run }) => html`<tr data-testid="import-run" data-state=${run.state}>
  <th scope="row"><button type="button" class="link" dir="auto" onClick=${() => choose(run.id)}>${run.file}</button></th>
  <td>${run.dry ? "dry run, " : ""}${run.state}</td><td>${run.form.source}</td>
  <td>${plural(run.rows_done, "row")}, ${count(run.counts.rejected ?? 0)} refused</td>
  <td>${run.made_by}<span class="small-note">${dateTime(new Date(run.made_ms).toISOString())}</span></td></tr>`;

const History = () => html`<section class="panel" aria-label="Imports so far">
  ${runs.value.length === 0
    ? html`<p class="empty">Nothing was imported yet.</p>`
    : html`<table class="columns"><thead><tr>${["File", "State", "Source", "Rows", "By"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${runs.value.map((run) => html`<${Line} key=${run.id} run=${run} />`)}</tbody></table>`}</section>`;

const BINDINGS = [...PLACES, { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) }];

function Page() {
  if (poll.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${poll} />`;
  return html`<header class="topbar"><h1>Imports</h1><${shell.ConnectionChip} feed=${poll} /><span class="spring"></span>
      <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>
    <${shell.ConnectionBar} feed=${poll} />
    <main class="imports" id="main">${poll.loaded.value && html`<${Upload} /><${One} /><${History} />`}</main>
    <${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

document.title = "Imports · Handshake";
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
void poll.start();
