// @ts-check
/** One row as a form: its condition is checked while it is typed, and what is typed survives a reload. */
import { html, useEffect, useRef, useState } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { Icon } from "./icon.js";
import { EventFields } from "./rules-event-form.js";
import { ConditionField, Field } from "./rules-fields.js";
import { useChecked } from "./rules-check.js";
import { canonical, fieldChanges } from "./rules-compare.js";
import { deleteRow, insertRow, moveRow, saveRow } from "./rules-edit.js";
import { dropKept, keep, readKept } from "./rules-kept.js";
import { rowOf, valuesOf } from "./rules-row.js";
import { busy, draft, editable, opened, queues } from "./rules-store.js";
import { focusRow } from "./rules-focus.js";
import { notify } from "./notices.js";

/** @typedef {import("./rules-types.js").Row} Row */
/** @typedef {import("./rules-row.js").Values} Values */
/** @typedef {{file:string,before:string,after:string,kind:string}} Place */

/** @param {Row|null} row @param {Place|undefined} place */
const slotOf = (row, place) => (row ? `row ${row.id}` : `new ${place?.file} ${place?.before} ${place?.after} ${place?.kind}`);

/** @type {Omit<Row, "file">} */
const BLANK = { id: "", kind: "row", when: "", why: "" };

/** The text of a form, and how it is kept. @param {Row|null} row @param {Place|undefined} place */
function useKept(row, place) {
  const slot = slotOf(row, place);
  const draftId = editable.value ? draft.value?.id ?? "" : "";
  const plain = valuesOf(row);
  const first = { ...plain, queue: plain.queue || queues.value[0]?.name || "" };
  const [before] = useState(() => (draftId ? readKept(draftId, slot) : null));
  const [values, setValues] = useState(/** @type {Values} */ ({ ...first, ...before?.values }));
  /** The row as it was when this text was begun. */
  const [base, setBase] = useState(/** @type {Row|null} */ (before?.base ?? row));
  /** @param {Partial<Values>} some */
  function set(some) {
    const next = { ...values, ...some };
    setValues(next);
    if (!draftId) return;
    if (canonical(next) === canonical(first)) dropKept(draftId, slot); // as it was
    else keep(draftId, slot, { values: next, base });
  }
  const drop = () => draftId && dropKept(draftId, slot);
  return { values, set, base, setBase, drop, restored: Boolean(before) };
}

/** @param {{values:Values,set:(some:Partial<Values>)=>void}} props */
function Then({ values, set }) {
  const known = queues.value.some((queue) => queue.name === values.queue);
  return html`<${Field} id="way" label="Then">
      <select id="rule-way" data-testid="rule-way" value=${values.way}
        onChange=${(/** @type {any} */ event) => set({ way: event.target.value })}>
        <option value="queue">Make a task</option><option value="close">Close without a task</option></select><//>
    ${values.way === "queue" && html`
      <${Field} id="queue" label="Queue"><select id="rule-queue" data-testid="rule-queue" value=${values.queue}
        onChange=${(/** @type {any} */ event) => set({ queue: event.target.value })}>
        ${!known && html`<option value=${values.queue}>${values.queue || "choose"}</option>`}
        ${queues.value.map((queue) => html`<option key=${queue.name} value=${queue.name}>${queue.title}</option>`)}</select><//>
      <${Field} id="priority" label="Priority"><input id="rule-priority" data-testid="rule-priority" inputmode="numeric"
        value=${values.priority}
        placeholder="the queue's" onInput=${(/** @type {any} */ event) => set({ priority: event.target.value })} /><//>
      <${Field} id="window" label="Window"><input id="rule-window" data-testid="rule-window" value=${values.window}
        placeholder="the queue's" onInput=${(/** @type {any} */ event) => set({ window: event.target.value })} /><//>
      <${Field} id="skills" label="Skills"><input id="rule-skills" data-testid="rule-skills" value=${values.skills}
        placeholder="none" onInput=${(/** @type {any} */ event) => set({ skills: event.target.value })} /><//>`}`;
}

/** Somebody else has changed this row since the text was begun. @param {{base:Row,row:Row}} props */
const Theirs = ({ base, row }) => html`<div class="problem form-theirs" role="alert"
  data-testid="rule-theirs"><${Icon} name="triangle-alert" />
  <span>${draft.value?.changed_by} has changed this row since you began:
    ${fieldChanges(base, row).map(({ field, after }) => html`<span class="theirs-field" key=${field}>
      ${field}: <code>${after || "nothing"}</code></span>`)}
    Your text is kept; saving puts it in place of theirs.</span></div>`;

/** Takes the row out; the focus goes to its neighbour. @param {string} id @param {string|undefined} next */
async function remove(id, next) {
  const problem = await deleteRow(id);
  if (problem) notify("error", problem);
  else focusRow(next);
}

/** @param {{row:Row}} props */
function RowTools({ row }) {
  const mates = (draft.value?.rows ?? []).filter((one) => one.file === row.file && one.kind === row.kind);
  const at = mates.findIndex((one) => one.id === row.id);
  const put = (/** @type {"before"|"after"} */ side) => (opened.value = { what: "new", file: row.file, kind: row.kind, before: "", after: "", [side]: row.id });
  return html`<div class="form-tools" role="group" aria-label="The row's place">
    <button type="button" class="button small" data-testid="rule-up"
      disabled=${at < 1 || busy.value} onClick=${() => moveRow(row, -1)}>Move up</button>
    <button type="button" class="button small" data-testid="rule-down"
      disabled=${at < 0 || at === mates.length - 1 || busy.value} onClick=${() => moveRow(row, 1)}>Move down</button>
    <button type="button" class="button small" data-testid="rule-insert-above" onClick=${() => put("before")}>Insert above</button>
    <button type="button" class="button small" data-testid="rule-insert-below" onClick=${() => put("after")}>Insert below</button>
    <button type="button" class="button small danger" data-testid="rule-delete" disabled=${busy.value}
      onClick=${() => remove(row.id, mates[at + 1]?.id ?? mates[at - 1]?.id)}>Delete</button>
  </div>`;
}

/** Closes the form, what was typed stays kept; the focus goes back to the row. @param {string} id */
function close(id) {
  opened.value = null;
  focusRow(id);
}

/** What is wrong with the saved row, or why saving failed. @param {{row:Row|null,problem:string}} props */
function Problems({ row, problem }) {
  const told = (draft.value?.problems ?? []).filter((one) => editable.value && row && one.row === row.id && one.key !== "when");
  const all = [...told.map((one) => `${one.key || "row"}: ${one.message}`), problem].filter(Boolean);
  return html`<div role="alert">${all.map((text) => html`
    <p class="problem" data-testid="rule-problem" key=${text}><${Icon} name="triangle-alert" /><span>${text}</span></p>`)}</div>`;
}

/** @param {{values:Values,set:(some:Partial<Values>)=>void,row:Row}} props */
function Fields({ values, set, row }) {
  const checked = useChecked(values.when, row.kind === "row" ? "mention" : values.on);
  const typed = (/** @type {"id"|"why"} */ name) => (/** @type {any} */ event) => set({ [name]: event.target.value });
  return html`<fieldset disabled=${!editable.value} class="form-fields"><legend class="sr-only">Row ${row.id}</legend>
    <${ConditionField} value=${values.when} set=${(/** @type {string} */ when) => set({ when })} checked=${editable.value ? checked : null} />
    <div class="form-then"><${Field} id="id" label="Id"><input id="rule-id" data-testid="rule-id" value=${values.id} spellcheck=${false}
        autocapitalize="none" required maxlength="40" onInput=${typed("id")} /><//>
      ${row.kind === "row" && html`<${Then} values=${values} set=${set} />`}</div>
    ${row.kind !== "row" && html`<${EventFields} values=${values} set=${set} />`}
    <${Field} id="why" label="Why, as the agent reads it"><textarea id="rule-why" data-testid="rule-why" rows="2" dir="auto"
      value=${values.why} onInput=${typed("why")}></textarea><//>
  </fieldset>`;
}

/** @param {{row:Row|null,event:boolean,order:number,restored:boolean,leave:()=>void}} props */
const Head = ({ row, event, order, restored, leave }) => html`<div class="form-head">
  <h3 tabindex="-1">${row ? `${order ? `${order}. ` : ""}${row.id}` : event ? "New event rule" : "New row"}</h3>
  ${restored && html`<span class="mark" data-tone="warn" data-testid="rule-restored">unsaved text from before</span>`}
  <span class="spring"></span>${editable.value && row && html`<${RowTools} row=${row} />`}
  <button type="button" class="icon-button small" aria-label="Close the row" data-testid="rule-close" onClick=${leave}>
    <${Icon} name="x" /></button></div>`;

/** @param {{row:Row|null,order?:number,place?:Place}} props */
export function RowForm({ row, order = 0, place }) {
  const { values, set, base, setBase, drop, restored } = useKept(row, place);
  const [problem, setProblem] = useState("");
  const box = useRef(/** @type {HTMLFormElement|null} */ (null));
  const whole = row ?? /** @type {Row} */ ({ ...BLANK, kind: place?.kind ?? "row", file: place?.file ?? "" });
  const theirs = row && base && editable.value && canonical(base) !== canonical(row);
  useEffect(() => {
    const first = editable.value ? (row ? "#rule-condition" : "#rule-id") : ".form-head h3";
    /** @type {HTMLElement|null|undefined} */ (box.current?.querySelector(first))?.focus({ preventScroll: true });
    box.current?.scrollIntoView({ block: "nearest" });
    box.current?.querySelector(".form-head")?.scrollIntoView({ block: "nearest" }); // where not all has room
  }, []);
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    if (!editable.value || busy.value) return;
    if (theirs) setBase(row); // seen: the button has said so
    const next = rowOf(whole, values);
    const failed = row ? await saveRow(row.id, next) : await insertRow(next, /** @type {Place} */ (place));
    setProblem(failed);
    if (failed) return;
    drop();
    close(next.id);
  }
  const leave = () => close(row?.id ?? (place?.after || place?.before || ""));
  return html`<form ref=${box} class="rule-form" data-testid="rule-form" data-row-id=${row?.id ?? ""} onSubmit=${save}>
    <${Head} row=${row} event=${whole.kind !== "row"} order=${order} restored=${restored} leave=${leave} />
    ${theirs && html`<${Theirs} base=${base} row=${row} />`}
    <${Fields} values=${values} set=${set} row=${whole} />
    <${Problems} row=${row} problem=${problem} />
    ${editable.value && html`<div class="form-actions">
      ${restored && html`<button type="button" class="button" data-testid="rule-discard"
        onClick=${() => (drop(), leave())}>Discard my text</button>`}
      <button type="button" class="button" onClick=${leave} data-testid="rule-back">Back</button>
      <button type="submit" class="button primary" data-testid="rule-save" disabled=${busy.value || readOnly.value}>
        ${theirs ? "Save over theirs" : "Save"} <kbd>Ctrl</kbd><kbd>Enter</kbd></button>
    </div>`}
  </form>`;
}
