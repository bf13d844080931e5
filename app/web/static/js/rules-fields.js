// @ts-check
/** Fields of the form of a row, and the condition with what is wrong at line and column. */
import { html, useRef } from "../vendor/vendor.js";
import { offsetOf } from "./rules-check.js";
import { Icon } from "./icon.js";

/** @typedef {import("./rules-types.js").Placed} Placed */

/** @param {{id:string,label:string,children?:any}} props */
export const Field = ({ id, label, children }) => html`<div class=${`form-field field-${id}`}>
  <label for=${`rule-${id}`}>${label}</label>${children}</div>`;

const STATES = /** @type {const} */ ({
  checking: "Checking…", good: "True or false, as it must be", bad: "", unknown: "Not checked",
});

/** `3:14` leads to the place; the message stands beside it. @param {{problem:Placed,go:()=>void}} props */
const Told = ({ problem, go }) => html`<li class="told" data-testid="condition-problem">
  ${problem.line > 0 && html`<button type="button" class="button small told-place" data-testid="condition-place"
    aria-label=${`${problem.line}:${problem.column}, go to this line and column`} onClick=${go}>${problem.line}:${problem.column}</button>`}
  <code class="told-text">${problem.message}</code></li>`;

/** @param {{value:string,set:(value:string)=>void,checked:import("./rules-check.js").Checked|null}} props */
export function ConditionField({ value, set, checked }) {
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  function go(/** @type {Placed} */ problem) {
    const at = offsetOf(value, problem.line, problem.column);
    field.current?.focus();
    field.current?.setSelectionRange(at, Math.min(value.length, at + 1));
  }
  const lines = Math.min(14, Math.max(3, value.split("\n").reduce((sum, line) => sum + Math.ceil((line.length + 1) / 110), 0)));
  return html`<div class="form-field field-condition"><label for="rule-condition">Condition</label>
    <textarea ref=${field} id="rule-condition" data-testid="rule-condition" class="mono" rows=${lines} spellcheck=${false} autocapitalize="none"
      autocomplete="off" maxlength="2000" aria-invalid=${checked?.state === "bad"} aria-describedby="condition-told" value=${value}
      onInput=${(/** @type {any} */ event) => set(event.target.value)}></textarea>
    ${checked && html`<div id="condition-told" class="condition-told" aria-live="polite"
      data-testid="condition-state" data-state=${checked.state}>
      ${STATES[checked.state] && html`<p class="muted">${checked.state === "good" && html`<${Icon} name="check" />`}${STATES[checked.state]}</p>`}
      <ul>${checked.problems.map((problem) => html`
        <${Told} key=${`${problem.line} ${problem.message}`} problem=${problem} go=${() => go(problem)} />`)}</ul>
    </div>`}
  </div>`;
}
