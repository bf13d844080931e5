// @ts-check
/** The form of a flight: its start, goal, route and group; kept while others work on the same one. */
import { html, useState } from "../vendor/vendor.js";
import { ApiError, getJson, newKey, postJson, putJson, readOnly } from "./api.js";
import { serverNow } from "./clock.js";
import { bodyOf, merged, newStep, typedOf } from "./flights-plan.js";
import { choices, form, keep, pathOf, ROOT } from "./flights-store.js";
import { fieldName } from "./flights-words.js";
import { words } from "./format.js";
import { Icon } from "./icon.js";

/** @typedef {import("./flights-plan.js").Typed} Typed */

const MOST_STEPS = 30;

/** @param {any} event */
const typedIn = (event) => event.target.value;

/** @param {{label:string,id:string,note?:string,children?:any}} props */
const Field = ({ label, id, note, children }) => html`<div class="form-field"><label for=${id}>${label}</label>${children}
  ${note && html`<p class="muted form-note">${note}</p>`}</div>`;

/** @param {{label:string,names:{name:string,title:string}[],on:string[],set:(on:string[])=>void,testId:string,none?:string}} props */
function Checks({ label, names, on, set, testId, none }) {
  const toggle = (/** @type {string} */ name) => set(on.includes(name) ? on.filter((each) => each !== name) : [...on, name]);
  const gone = on.filter((name) => !names.some((each) => each.name === name)).map((name) => ({ name, title: name }));
  return html`<fieldset class="checks" data-testid=${testId}><legend>${label}</legend>
    ${[...names, ...gone].map(({ name, title }) => html`<label key=${name} class="check-one"><input type="checkbox" value=${name} checked=${on.includes(name)}
      onChange=${() => toggle(name)} /><span>${title}</span></label>`)}
    ${none && names.length === 0 && html`<p class="muted">${none}</p>`}</fieldset>`;
}

/** @param {{typed:Typed,set:(change:Partial<Typed>)=>void}} props */
function GoalFields({ typed, set }) {
  return html`<fieldset class="form-group"><legend>Destination</legend>
    <${Field} label="The goal, in words" id="flight-words"><input id="flight-words" data-testid="flight-words" required maxlength="300" dir="auto"
      value=${typed.words} onInput=${(/** @type {any} */ e) => set({ words: typedIn(e) })} /><//>
    <div class="form-pair">
      <${Field} label="It is reached when" id="flight-kind"><select id="flight-kind" data-testid="flight-kind" value=${typed.kind}
        onChange=${(/** @type {any} */ e) => set({ kind: typedIn(e) })}>
        <option value="quiet" selected=${typed.kind === "quiet"}>no task of it was open for some minutes</option>
        <option value="steps" selected=${typed.kind === "steps"}>every step is done</option>
        <option value="time" selected=${typed.kind === "time"}>a moment has come</option></select><//>
      ${typed.kind === "quiet" && html`<${Field} label="Minutes" id="flight-minutes"><input id="flight-minutes" data-testid="flight-minutes" type="number"
        min="1" max="10080" required value=${typed.minutes} onInput=${(/** @type {any} */ e) => set({ minutes: typedIn(e) })} /><//>`}
      ${typed.kind === "time" && html`<${Field} label="Moment" id="flight-until"><input id="flight-until" data-testid="flight-until" type="datetime-local"
        required value=${typed.until} onInput=${(/** @type {any} */ e) => set({ until: typedIn(e) })} /><//>`}
    </div></fieldset>`;
}

/** @param {{step:import("./flights-plan.js").TypedStep,at:number,last:boolean,change:(what:any)=>void,go:(by:number)=>void}} props */
function StepFields({ step, at, last, change, go }) {
  const { reps = [], queues = [], roles = [] } = choices.value ?? {};
  const option = (/** @type {string} */ value, /** @type {string} */ title) => html`<option value=${value} selected=${step.who === value}>${title}</option>`;
  return html`<li class="step-fields">
    <span class="step-number" aria-hidden="true">${at + 1}</span>
    <input data-testid="flight-step" aria-label=${`Step ${at + 1}`} maxlength="300" dir="auto" disabled=${step.done} value=${step.what}
      placeholder="What has to be done" onInput=${(/** @type {any} */ e) => change({ what: typedIn(e) })} />
    <select data-testid="flight-step-who" aria-label=${`Who does step ${at + 1}`} disabled=${step.done} value=${step.who}
      onChange=${(/** @type {any} */ e) => change({ who: typedIn(e) })}>
      ${option("", "anybody of the group")}
      <optgroup label="Agents">${reps.map((one) => option(`rep:${one.name}`, one.title))}</optgroup>
      <optgroup label="Queues">${queues.map((one) => option(`queue:${one.name}`, one.title))}</optgroup>
      <optgroup label="Roles">${roles.map((one) => option(`role:${one}`, `any ${one}`))}</optgroup></select>
    <span class="step-tools">
      <button type="button" class="icon-button small" aria-label=${`Step ${at + 1} earlier`} disabled=${at === 0} onClick=${() => go(-1)}>↑</button>
      <button type="button" class="icon-button small" aria-label=${`Step ${at + 1} later`} disabled=${last} onClick=${() => go(1)}>↓</button>
      <button type="button" class="icon-button small" aria-label=${`Drop step ${at + 1}`} disabled=${step.done} title=${step.done ? "It is done and stays" : ""}
        onClick=${() => change(null)}><${Icon} name="x" /></button></span>
  </li>`;
}

/** @param {{typed:Typed,set:(change:Partial<Typed>)=>void}} props */
function Route({ typed, set }) {
  const { steps } = typed;
  const change = (/** @type {number} */ at) => (/** @type {any} */ what) =>
    set({ steps: what === null ? steps.filter((_, n) => n !== at) : steps.map((step, n) => (n === at ? { ...step, ...what } : step)) });
  const go = (/** @type {number} */ at) => (/** @type {number} */ by) => {
    const next = [...steps];
    [next[at], next[at + by]] = [next[at + by], next[at]];
    set({ steps: next });
  };
  return html`<fieldset class="form-group"><legend>Route</legend>
    <ol class="steps-form">${steps.map((step, at) => html`<${StepFields} key=${step.key} step=${step} at=${at} last=${at === steps.length - 1}
      change=${change(at)} go=${go(at)} />`)}</ol>
    <button type="button" class="button small" data-testid="flight-add-step" disabled=${steps.length >= MOST_STEPS}
      onClick=${() => set({ steps: [...steps, newStep()] })}>Add a step</button></fieldset>`;
}

/** @param {{typed:Typed,set:(change:Partial<Typed>)=>void,isNew:boolean}} props */
function Start({ typed, set, isNew }) {
  const labels = (choices.value?.labels ?? []).map((name) => ({ name, title: words(name) }));
  return html`<fieldset class="form-group"><legend>Start</legend>
    <${Checks} label="Mentions with one of these labels belong" names=${labels} on=${typed.labels} set=${(/** @type {string[]} */ on) => set({ labels: on })} testId="flight-labels"
      none="No live rule sets a label. Tasks can be added by hand, here or on the desk." />
    <${Field} label="Counted from" id="flight-back"><select id="flight-back" data-testid="flight-back" value=${typed.back}
      onChange=${(/** @type {any} */ e) => set({ back: typedIn(e) })}>
      ${!isNew && html`<option value="">as it is</option>`}
      ${isNew && html`<option value="0">now on</option>`}
      <option value="60">an hour ago</option><option value="240">four hours ago</option>
      <option value="1440">a day ago</option><option value="10079">a week ago</option></select><//></fieldset>`;
}

/** @param {{error:ApiError|null,told:string}} props */
function Told({ error, told }) {
  const errors = error?.errors ?? [];
  return html`<div role="alert">
    ${told && html`<p class="bar-note form-told" data-testid="flight-merged">${told}</p>`}
    ${error && html`<div class="problem" data-testid="flight-problem"><${Icon} name="triangle-alert" /><span>
      ${errors.length > 0 ? html`<ul>${errors.map((one) => html`<li key=${one.field}><b>${one.field}</b>: expected ${one.expected}, got <bdi>${one.got}</bdi></li>`)}</ul>` : error.message}
    </span></div>`}</div>`;
}

export function FlightForm() {
  const [of, setOf] = useState(form.value?.of ?? null);
  const [base, setBase] = useState(() => typedOf(of));
  const [typed, setTyped] = useState(base);
  const [error, setError] = useState(/** @type {ApiError|null} */ (null));
  const [told, setTold] = useState("");
  const [sending, setSending] = useState(false);
  const [key, setKey] = useState(newKey);
  const set = (/** @type {Partial<Typed>} */ change) => (setTyped((now) => ({ ...now, ...change })), setKey(newKey()));

  /** Somebody was faster: their changes are taken over under mine, and I press once more. */
  async function meet() {
    const theirs = await getJson(pathOf(/** @type {any} */ (of).id));
    const now = typedOf(theirs);
    const { typed: next, both } = merged(base, typed, now);
    setTyped(next);
    setBase(now);
    setOf(theirs);
    keep(theirs);
    const names = both.map((name) => fieldName(name)).join(", ");
    setTold(`Somebody has changed this flight meanwhile; what you did not touch is theirs now.${names ? ` You both changed: ${names}. Yours is shown.` : ""} Look at it, then save again.`);
  }

  async function send(/** @type {Event} */ event) {
    event.preventDefault();
    if (sending) return;
    setSending(true);
    setError(null);
    try {
      const body = bodyOf(typed, serverNow());
      const made = of ? await putJson(pathOf(of.id), { ...body, version: of.version }, key) : await postJson(ROOT, body, key);
      keep(made);
      history.replaceState(null, "", `#${made.id}`);
      form.value = null;
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (!problem.unknown) setKey(newKey());
      if (problem.code === "stale_flight" && of) await meet();
      else setError(problem);
    } finally {
      setSending(false);
    }
  }

  const { reps = [], queues = [] } = choices.value ?? {};
  return html`<form class="flight-form panel" data-testid="flight-form" onSubmit=${send}>
    <h2 id="flight-title" tabindex="-1">${of ? "Change the flight" : "Open a flight"}</h2>
    <${Field} label="Name" id="flight-name"><input id="flight-name" data-testid="flight-name" required maxlength="80" dir="auto" autofocus
      value=${typed.name} onInput=${(/** @type {any} */ e) => set({ name: typedIn(e) })} /><//>
    <${Start} typed=${typed} set=${set} isNew=${!of} />
    <${GoalFields} typed=${typed} set=${set} />
    <${Route} typed=${typed} set=${set} />
    <fieldset class="form-group"><legend>Group</legend>
      <${Checks} label="Agents" names=${reps} on=${typed.reps} set=${(/** @type {string[]} */ on) => set({ reps: on })} testId="flight-reps" />
      <${Checks} label="Everybody who serves" names=${queues} on=${typed.queues} set=${(/** @type {string[]} */ on) => set({ queues: on })} testId="flight-queues" /></fieldset>
    <${Field} label="What to say now" id="flight-say" note="All use this text; it stands on each of its tasks."><textarea id="flight-say" data-testid="flight-say" rows="3"
      maxlength="2000" dir="auto" value=${typed.say} onInput=${(/** @type {any} */ e) => set({ say: typedIn(e) })}></textarea><//>
    <${Told} error=${error} told=${told} />
    <div class="form-actions">
      <button type="button" class="button" data-testid="flight-back-out" onClick=${() => (form.value = null)}>Back</button>
      <button type="submit" class="button primary" data-testid="flight-save" disabled=${sending || readOnly.value}>${of ? "Save" : "Open it"}</button></div>
  </form>`;
}
