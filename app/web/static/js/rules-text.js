// @ts-check
/** A file of rules as its text: what no form knows can be changed here too. */
import { html, useEffect, useRef, useState } from "../vendor/vendor.js";
import { Icon } from "./icon.js";
import { offsetOf } from "./rules-check.js";
import { saveText } from "./rules-edit.js";
import { dropKept, keep, readKept } from "./rules-kept.js";
import { busy, draft, editable, opened, sheet } from "./rules-store.js";

/** @param {{file:string}} props */
export function TextForm({ file }) {
  const able = editable.value;
  const now = sheet.value?.texts[file] ?? "";
  const draftId = able ? draft.value?.id ?? "" : "";
  const kept = draftId ? readKept(draftId, `text ${file}`) : null;
  const [text, setText] = useState(/** @type {string} */ (kept?.text ?? now));
  const [base, setBase] = useState(/** @type {string} */ (kept?.base ?? now));
  const [problem, setProblem] = useState("");
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  useEffect(() => field.current?.focus(), []);
  const theirs = base !== now;
  const told = able ? draft.value?.problems.filter((one) => one.file === file) ?? [] : [];
  function typed(/** @type {string} */ value) {
    setText(value);
    if (draftId) keep(draftId, `text ${file}`, { text: value, base });
  }
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    const failed = await saveText(file, text);
    setProblem(failed);
    if (failed) return;
    setBase(text);
    dropKept(draftId, `text ${file}`);
  }
  function go(/** @type {import("./rules-types.js").Placed} */ one) {
    const at = offsetOf(text, one.line, one.column);
    field.current?.focus();
    field.current?.setSelectionRange(at, Math.min(text.length, at + 1));
  }
  return html`<form class="rule-form" data-testid="text-form" onSubmit=${save}>
    ${theirs && html`<p class="problem" role="alert"><${Icon} name="triangle-alert" /><span>This file has been changed since you began.
      Your text is kept; saving puts it in place of theirs.</span></p>`}
    <label for="rule-text" class="sr-only">${file} as text</label>
    <textarea ref=${field} id="rule-text" class="mono text-file" data-testid="rule-text" spellcheck=${false} autocapitalize="none"
      readonly=${!able} value=${text} onInput=${(/** @type {any} */ event) => typed(event.target.value)}></textarea>
    <ul class="condition-told">${told.map((one) => html`<li class="told" key=${`${one.line} ${one.message}`} data-testid="text-problem">
      ${one.line > 0 && html`<button type="button" class="button small told-place"
        onClick=${() => go(one)}>${one.line}:${one.column}</button>`}
      <code class="told-text">${one.message}</code></li>`)}</ul>
    <div role="alert">${problem && html`<p class="problem"><${Icon} name="triangle-alert" /><span>${problem}</span></p>`}</div>
    <div class="form-actions"><button type="button" class="button" onClick=${() => (opened.value = null)}>Back</button>
      ${able && html`<button type="submit" class="button primary" data-testid="text-save" disabled=${busy.value || text === now}>
        ${theirs ? "Save over theirs" : "Save"}</button>`}</div>
  </form>`;
}
