// @ts-check
/** Differences between two sets of rules, row by row, with old and new values. */
import { html } from "../vendor/vendor.js";
import { countOf, fieldChanges, fieldsOf } from "./rules-compare.js";

/** @typedef {import("./rules-types.js").Row} Row */
/** @typedef {import("./rules-types.js").Changes} Differences */

/** @param {{row:Row,word:string,tone:string}} props */
const Whole = ({ row, word, tone }) => html`<li class="change" data-testid="change" data-kind=${word} data-row-id=${row.id}>
  <p class="change-head"><span class="mark" data-tone=${tone}>${word}</span><strong>${row.id}</strong><span class="muted">${row.file}</span></p>
  <dl class="change-fields">${fieldsOf(row).map(([field, text]) => html`
    <div key=${field}><dt>${field}</dt><dd dir="auto">${text}</dd></div>`)}</dl></li>`;

/** @param {{from:Row,to:Row}} props */
const Changed = ({ from, to }) => html`<li class="change" data-testid="change" data-kind="changed" data-row-id=${to.id}>
  <p class="change-head"><span class="mark" data-tone="good">changed</span><strong>${to.id}</strong><span class="muted">${to.file}</span></p>
  <dl class="change-fields">${fieldChanges(from, to).map(({ field, before, after }) => html`<div key=${field}><dt>${field}</dt>
    <dd><del dir="auto"><span class="sr-only">before: </span>${before || "nothing"}</del>
      <ins dir="auto"><span class="sr-only">now: </span>${after || "nothing"}</ins></dd></div>`)}</dl></li>`;

/** @param {{of:Differences}} props */
export function ChangeList({ of }) {
  if (countOf(of) === 0) return html`<p class="muted" data-testid="changes-none">No row differs.</p>`;
  return html`<ul class="changes" data-testid="changes">
    ${of.changed.map((one) => html`<${Changed} key=${`c ${one.to.id}`} from=${one.from} to=${one.to} />`)}
    ${of.added.map((row) => html`<${Whole} key=${`a ${row.id}`} row=${row} word="added" tone="good" />`)}
    ${of.removed.map((row) => html`<${Whole} key=${`r ${row.id}`} row=${row} word="removed" tone="bad" />`)}
    ${of.moved.length > 0 && html`<li class="change" data-testid="change" data-kind="moved"><p class="change-head">
      <span class="mark" data-tone="warn">moved</span>${of.moved.map((id) => html`<strong key=${id}>${id}</strong>`)}
      <span class="muted">asked at another place</span></p></li>`}
  </ul>`;
}
