// @ts-check
/** The decision tables as a grid: a section for each file, a line for each row, the open one as a form. */
import { html } from "../vendor/vendor.js";
import { count, plural } from "./format.js";
import { RowForm } from "./rules-form.js";
import { thenParts } from "./rules-row.js";
import { changes, draft, editable, filter, opened, queueTitle, sheet, showing } from "./rules-store.js";
import { TextForm } from "./rules-text.js";
import { resultOf, RESULTS } from "./rules-tried.js";
import { Shape } from "./sla.js";
import { textOf } from "./rules-compare.js";
import { keptSlots } from "./rules-kept.js";

/** @typedef {import("./rules-types.js").Row} Row */

/** All that can be searched of a row. @param {Row} row */
const words = (row) => `${row.id} ${textOf(row.when)} ${textOf(row.why)} ${JSON.stringify(row.then ?? {})} ${row.file}`.toLowerCase();

/** @param {Row} row */
const fits = (row) => filter.value.trim().toLowerCase().split(/\s+/).every((word) => words(row).includes(word));

/** What is new about a row of a draft. @param {Row} row @param {string[]} unsaved */
function marksOf(row, unsaved) {
  const marks = [];
  if (showing.value === "draft") {
    const found = changes.value;
    if (found.added.some((one) => one.id === row.id)) marks.push({ word: "new", tone: "good" });
    if (found.changed.some((one) => one.to.id === row.id)) marks.push({ word: "changed", tone: "good" });
    if (found.moved.includes(row.id)) marks.push({ word: "moved", tone: "good" });
    const wrong = draft.value?.problems.filter((one) => one.row && one.row === row.id && one.file === row.file) ?? [];
    if (wrong.length) marks.push({ word: plural(wrong.length, "problem"), tone: "bad" });
    if (unsaved.includes(`row ${row.id}`)) marks.push({ word: "unsaved text", tone: "warn" });
  }
  return marks;
}

/** @param {{id:string}} props */
function Result({ id }) {
  const found = resultOf(id);
  if (!found) return null;
  const [shape, word] = RESULTS[found.result];
  return html`<span class="result" data-result=${found.result} data-testid="rule-result" title=${found.detail}>
    <${Shape} name=${shape} />${word}${found.detail && html`<span class="sr-only">: ${found.detail}</span>`}</span>`;
}

/** @param {{row:Row,order:number,unsaved:string[]}} props */
function Line({ row, order, unsaved }) {
  const id = String(row.id ?? "");
  const { to, more } = thenParts(row, queueTitle);
  const open = () => (opened.value = { what: "row", id });
  return html`<tr data-testid="rule-row" data-row-id=${id} data-result=${resultOf(id)?.result ?? "none"} onClick=${open}>
    <td class="num muted rule-order">${row.kind === "row" ? count(order) : html`<span
      title="An event rule: each one that holds acts">on</span>`}</td>
    <th scope="row"><button type="button" class="link rule-open" data-testid="rule-open" aria-expanded="false">${id || "(no id)"}</button>
      <span class="rule-marks"><${Result} id=${id} />
        ${marksOf(row, unsaved).map((mark) => html`<span class="mark" data-tone=${mark.tone} key=${mark.word}>${mark.word}</span>`)}</span></th>
    <td data-label="Condition"><code class="when clamp" data-testid="rule-when">${textOf(row.when)}</code></td>
    <td data-label="Then" class="rule-then"><strong data-testid="rule-to">${to || "–"}</strong>
      ${more.map((part) => html`<span class="muted" key=${part}>${part}</span>`)}</td>
    <td data-label="Why" class="rule-why"><span class="clamp" dir="auto">${textOf(row.why)}</span></td>
  </tr>`;
}

/** The row that is being written at this place. @param {string} file @param {{before:string,after:string}} place */
const newAt = (file, place) => {
  const now = opened.value;
  return now?.what === "new" && now.file === file && now.before === place.before && now.after === place.after ? now : null;
};

/** @param {{file:string,before?:string,after?:string}} props */
function NewRow({ file, before = "", after = "" }) {
  const made = newAt(file, { before, after });
  return made && html`<tr class="rule-form-line" key=${`new ${before} ${after} ${made.kind}`}><td colspan="5">
    <${RowForm} row=${null} place=${{ file, before, after, kind: made.kind }} /></td></tr>`;
}

/** @param {{file:string,rows:{row:Row,order:number}[],unsaved:string[]}} props */
function Body({ file, rows, unsaved }) {
  const now = opened.value;
  return html`<tbody>
    <${NewRow} file=${file} />
    ${rows.map(({ row, order }, at) => html`
      <${NewRow} file=${file} before=${row.id} />
      ${now?.what === "row" && now.id === row.id
        ? html`<tr class="rule-form-line" key=${`form ${row.id} ${editable.value ? draft.value?.id : ""}`}><td colspan="5">
          <${RowForm} row=${row} order=${order} /></td></tr>`
        : html`<${Line} key=${`${row.id} ${at}`} row=${row} order=${order} unsaved=${unsaved} />`}
      <${NewRow} file=${file} after=${row.id} />`)}
  </tbody>`;
}

/** Begins a new one behind the last of its kind, or at the file's end. @param {string} file @param {{row:Row}[]} rows @param {string} kind */
function add(file, rows, kind) {
  const last = rows.filter(({ row }) => row.kind === kind).at(-1);
  opened.value = { what: "new", file, kind, before: "", after: last?.row.id ?? "" };
}

/** @param {{file:string,title:string,rows:{row:Row,order:number}[],unsaved:string[]}} props */
function Table({ file, title, rows, unsaved }) {
  const now = opened.value;
  const asText = now?.what === "text" && now.file === file;
  const headId = `table-${file.replace(/\W/g, "-")}`;
  return html`<section class="panel rule-file" aria-labelledby=${headId} data-testid="rule-file" data-file=${file}>
    <header class="pane-head"><h2 id=${headId}>${title || file}</h2><span class="muted rule-file-name">${file}</span>
      <span class="spring"></span><span class="muted">${plural(rows.length, "row")}</span>
      ${editable.value && html`<button type="button" class="button small" data-testid="rule-add"
        aria-label=${`Add row at the end of ${title || file}`}
        onClick=${() => add(file, rows, "row")}>Add row</button>
        <button type="button" class="button small" data-testid="rule-add-event"
        aria-label=${`Add event rule to ${title || file}`} onClick=${() => add(file, rows, "rule")}>Add event rule</button>`}
      <button type="button" class="button small" data-testid="rule-as-text" aria-expanded=${asText}
        aria-label=${`${title || file} as text`} onClick=${() => (opened.value = asText ? null : { what: "text", file })}>As text</button>
    </header>
    ${asText ? html`<${TextForm} key=${file} file=${file} />` : html`<table class="rule-table">
      <thead><tr><th scope="col" class="num"><abbr title="Order in which rows are asked">#</abbr></th><th scope="col">Row</th>
        <th scope="col">Condition</th><th scope="col">Then</th><th scope="col">Why</th></tr></thead>
      <${Body} file=${file} rows=${rows} unsaved=${unsaved} />
    </table>`}
  </section>`;
}

export function Tables() {
  const rules = sheet.value;
  if (!rules) return null;
  let order = 0;
  const numbered = rules.rows.map((row) => ({ row, order: row.kind === "row" ? (order += 1) : 0 }));
  const shown = numbered.filter(({ row }) => !filter.value.trim() || fits(row));
  const unsaved = editable.value && draft.value ? keptSlots(draft.value.id) : [];
  const files = Object.keys(rules.texts).sort().map((file) => ({ file, rows: shown.filter(({ row }) => row.file === file) }))
    .filter(({ rows }) => rows.length > 0 || !filter.value.trim());
  if (files.length === 0) {
    return html`<div class="empty" data-testid="rules-none"><h2>No row fits “${filter.value}”</h2>
      <button type="button" class="button" data-testid="filter-clear" onClick=${() => (filter.value = "")}>Clear the filter</button></div>`;
  }
  return files.map(({ file, rows }) => html`<${Table} key=${file} file=${file}
    title=${rules.titles[file] ?? ""} rows=${rows} unsaved=${unsaved} />`);
}
