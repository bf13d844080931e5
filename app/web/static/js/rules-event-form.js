// @ts-check
/** The fields of an event rule: at what, for whom, and what it does, action by action. */
import { html } from "../vendor/vendor.js";
import { Icon } from "./icon.js";
import { ACTS, EVENTS, FLAGS } from "./rules-event-row.js";
import { Field } from "./rules-fields.js";
import { queues } from "./rules-store.js";

/** @typedef {import("./rules-event-row.js").Act} Act */
/** @typedef {import("./rules-event-row.js").EventValues} Values */

/** @param {{id:string,label:string,value:string,hint:string,set:(value:string)=>void}} props */
const Text = ({ id, label, value, hint, set }) => html`<${Field} id=${id} label=${label}><input id=${`rule-${id}`} data-testid=${`rule-${id}`}
  value=${value} placeholder=${hint} spellcheck=${false} onInput=${(/** @type {any} */ event) => set(event.target.value)} /><//>`;

/** What stands beside the text of an action. @type {Record<string, {hint:string,label:string}>} */
const BESIDE = {
  notify: { hint: "supervisor, a name", label: "Whom to tell, of action" },
  reply: { hint: "answer", label: "Purpose of action" },
};

/** What one action says. @param {{act:Act,at:number,set:(some:Partial<Act>)=>void}} props */
function Value({ act, at, set }) {
  const typed = (/** @type {any} */ event) => set({ text: event.target.value });
  const common = { "data-testid": "act-value", value: act.text, "aria-label": `What action ${at + 1} says`, onInput: typed };
  if (act.kind === "" || FLAGS.includes(act.kind)) return act.kind === "" && html`<code>${act.text}</code>`;
  if (act.kind === "queue") {
    const known = queues.value.some((queue) => queue.name === act.text);
    return html`<select ...${common} onChange=${typed}>
      ${!known && html`<option value=${act.text}>${act.text || "choose"}</option>`}
      ${queues.value.map((queue) => html`<option key=${queue.name} value=${queue.name}>${queue.title}</option>`)}</select>`;
  }
  const long = ["draft", "reply", "notify", "case"].includes(act.kind); // what people read may have several lines
  const beside = BESIDE[act.kind];
  return html`${beside && html`<input data-testid="act-to" value=${act.to} placeholder=${beside.hint}
      aria-label=${`${beside.label} ${at + 1}`} onInput=${(/** @type {any} */ event) => set({ to: event.target.value })} />`}
    ${long ? html`<textarea ...${common} rows=${act.kind === "draft" || act.kind === "reply" ? 2 : 1} dir="auto"></textarea>` : html`<input ...${common} dir="auto" />`}`;
}

/** @param {{act:Act,at:number,set:(some:Partial<Act>)=>void,drop:()=>void}} props */
const Line = ({ act, at, set, drop }) => html`<li class="act" data-testid="act" data-kind=${act.kind}>
  ${act.kind === "" ? html`<span class="muted">As text</span>` : html`<select data-testid="act-kind" value=${act.kind}
    aria-label=${`Action ${at + 1}`} onChange=${(/** @type {any} */ event) => set({ kind: event.target.value, text: "", to: "" })}>
    ${ACTS.map(([kind, label]) => html`<option key=${kind} value=${kind}>${label}</option>`)}</select>`}
  <span class="act-value"><${Value} act=${act} at=${at} set=${set} /></span>
  <button type="button" class="icon-button small" data-testid="act-drop" aria-label=${`Take action ${at + 1} out`} onClick=${drop}>
    <${Icon} name="x" /></button></li>`;

/** @param {{acts:Act[],set:(some:{acts:Act[]})=>void}} props */
function Acts({ acts, set }) {
  const change = (/** @type {number} */ at, /** @type {Partial<Act>} */ some) =>
    set({ acts: acts.map((act, i) => (i === at ? { ...act, ...some } : act)) });
  return html`<div class="form-field field-acts"><h4 id="acts-label">Does, in this order</h4>
    <ol class="acts" aria-labelledby="acts-label">${acts.map((act, at) => html`<${Line} key=${at} act=${act} at=${at}
      set=${(/** @type {Partial<Act>} */ some) => change(at, some)} drop=${() => set({ acts: acts.filter((_, i) => i !== at) })} />`)}</ol>
    <button type="button" class="button small" data-testid="act-add"
      onClick=${() => set({ acts: [...acts, { kind: "label", text: "", to: "" }] })}>Add action</button></div>`;
}

/** @param {{values:Values,set:(some:Partial<Values>)=>void}} props */
export const EventFields = ({ values, set }) => html`
  <div class="form-then"><${Field} id="on" label="When"><select id="rule-on" data-testid="rule-on" value=${values.on}
      onChange=${(/** @type {any} */ event) => set({ on: event.target.value })}>
      ${EVENTS.map(([name, label]) => html`<option key=${name} value=${name}>${label}</option>`)}</select><//>
    ${(values.on === "waiting" || values.after) && html`<${Text} id="after" label="So long" value=${values.after} hint="5m"
      set=${(/** @type {string} */ after) => set({ after })} />`}
    <${Text} id="level" label="Level" value=${values.level} hint="0" set=${(/** @type {string} */ level) => set({ level })} /></div>
  <div class="form-then"><${Field} id="customers" label="For these customers, one a line"><textarea id="rule-customers"
      data-testid="rule-customers" rows="2" value=${values.customers} placeholder="everybody" spellcheck=${false}
      onInput=${(/** @type {any} */ event) => set({ customers: event.target.value })}></textarea><//>
    <${Text} id="rep" label="For customers of" value=${values.rep} hint="any agent" set=${(/** @type {string} */ rep) => set({ rep })} />
    <${Text} id="tier" label="For the tier" value=${values.tier} hint="any" set=${(/** @type {string} */ tier) => set({ tier })} /></div>
  <${Acts} acts=${values.acts} set=${set} />`;
