// @ts-check
/** One dialog that asks what an action needs, keeps it when the server refuses, and sends it once. */
import { html, signal, useState } from "../vendor/vendor.js";
import { ApiError, newKey, readOnly } from "./api.js";
import { Icon } from "./icon.js";
import { Dialog } from "./shell.js";

/**
 * @typedef {{value:string,label:string,group?:string}} Option
 * @typedef {{name:string,label:string,kind:"select"|"text"|"check"|"when"|"number",options?:Option[],
 *   optional?:boolean,note?:string,min?:number,max?:number}} Field
 * @typedef {Record<string, string>} Values
 * @typedef {{title:string,about:string,confirm:(values:Values)=>string,first:Values,danger?:boolean,
 *   fields:(values:Values)=>Field[],ready?:(values:Values)=>boolean,
 *   run:(values:Values,key:string)=>Promise<void>}} Question
 */

const REASON_CHARS = 500; // what the server takes

/** What is being asked, if anything. */
export const asking = signal(/** @type {Question|null} */ (null));

/** A reason, as every handing on has one. @param {string} [label] @returns {Field} */
export const reasonField = (label = "Reason") => ({ name: "reason", label, kind: "text" });

/** @param {Option[]} options */
function grouped(options) {
  const groups = [...new Set(options.map((option) => option.group ?? ""))];
  const list = (/** @type {string} */ group) => options
    .filter((option) => (option.group ?? "") === group)
    .map((option) => html`<option value=${option.value}>${option.label}</option>`);
  return groups.map((group) => (group ? html`<optgroup label=${group}>${list(group)}</optgroup>` : list(group)));
}

/** @param {{field:Field,value:string,set:(value:string)=>void,first:boolean}} props */
function Entry({ field, value, set, first }) {
  const id = `ask-${field.name}`;
  const common = { id, "data-testid": id, required: !field.optional, autofocus: first };
  const typed = (/** @type {any} */ event) => set(event.target.value);
  if (field.kind === "check") {
    return html`<label class="check ask-check"><input ...${common} type="checkbox" required=${false}
      checked=${value === "yes"} onChange=${(/** @type {any} */ event) => set(event.target.checked ? "yes" : "")} />
      ${field.label}</label>`;
  }
  const control = field.kind === "select"
    ? html`<select ...${common} value=${value} onChange=${typed}>${grouped(field.options ?? [])}</select>`
    : field.kind === "text"
      ? html`<textarea ...${common} rows="2" dir="auto" maxlength=${field.max ?? REASON_CHARS} value=${value} onInput=${typed}></textarea>`
      : html`<input ...${common} type=${field.kind === "when" ? "datetime-local" : "number"} min=${field.min}
          max=${field.max} step=${field.kind === "number" ? 1 : undefined} value=${value} onInput=${typed} />`;
  return html`<div class="ask-field"><label for=${id}>${field.label}</label>${control}
    ${field.note && html`<p class="muted ask-note">${field.note}</p>`}</div>`;
}

/** @param {{question:Question}} props */
function Form({ question }) {
  const [values, setValues] = useState(question.first);
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState(false);
  const [key, setKey] = useState(newKey);
  const fields = question.fields(values);
  const missing = question.ready?.(values) === false || fields.some((field) => field.kind === "text" && !field.optional && !values[field.name]?.trim());
  async function send(/** @type {Event} */ event) {
    event.preventDefault();
    if (sending) return;
    setSending(true);
    setProblem("");
    try {
      await question.run(values, key);
      asking.value = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
      if (!error.unknown) setKey(newKey()); // refused: the next press is another action
    } finally {
      setSending(false);
    }
  }
  // other words are another action: the server refuses a key that it knows with other words
  const set = (/** @type {string} */ name) => (/** @type {string} */ value) => {
    setValues((now) => ({ ...now, [name]: value }));
    setKey(newKey());
  };
  return html`<form class="ask" data-testid="ask" onSubmit=${send}>
    <div class="dialog-head"><h2>${question.title}</h2>
      <button class="icon-button" type="button" aria-label="Close" onClick=${() => (asking.value = null)}>
        <${Icon} name="x" /></button></div>
    <p class="muted ask-about" dir="auto">${question.about}</p>
    ${fields.map((field, i) => html`<${Entry} key=${field.name} field=${field} first=${i === 0} value=${values[field.name] ?? ""}
      set=${set(field.name)} />`)}
    <div role="alert">${problem && html`<p class="problem" data-testid="ask-problem">
      <${Icon} name="triangle-alert" /><span>${problem}</span></p>`}</div>
    <div class="ask-actions">
      <button class="button" type="button" data-testid="ask-cancel" onClick=${() => (asking.value = null)}>Back</button>
      <button class="button primary" type="submit" data-testid="ask-confirm"
        disabled=${missing || sending || readOnly.value}>${question.confirm(values)}</button>
    </div>
  </form>`;
}

let asked = 0;
/** @type {Question|null} */
let last = null;

export function AskDialog() {
  const question = asking.value;
  if (question !== last) [last, asked] = [question, asked + 1]; // a new question begins empty
  return html`<${Dialog} open=${question !== null} onClose=${() => (asking.value = null)}
    label=${question?.title ?? "Question"}>
    ${question && html`<${Form} key=${asked} question=${question} />`}
  <//>`;
}
