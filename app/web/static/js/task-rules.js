// @ts-check
/** What rules did to a task since it was decided, in words: on its card, and behind a notice. */
import { html, signal, useEffect, useState } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";
import { now } from "./clock.js";
import { askCorrect, Corrections } from "./correct.js";
import { nearTime, words } from "./format.js";
import { Icon } from "./icon.js";
import { Dialog } from "./shell.js";

/**
 * @typedef {{rule:string,why:string,event:string,at_ms:number,state:"pending"|"done"|"stopped",stopped:string,
 *   priority:number,queue:string,done:Record<string,string>,labels:string[],handed_to:string[],told:string[],replied:boolean}} Act
 * @typedef {{event:string,at_ms:number,number:number,rules:{rule:string,result:string}[],acts:Act[],problem:string}} Asked
 * @typedef {{mention:import("./types.js").Mention|null,events:Asked[]}} Story
 */

/** When it was, as people say it. @type {Record<string, string>} */
export const EVENTS = {
  mention: "when it came", waiting: "while it waited", at_risk: "when it was at risk", breached: "when it was late",
  replied: "when it was answered", transferred: "when it was handed on", completed: "when it was completed",
};

/** @param {string} mentionId @returns {Promise<Story>} */
const storyOf = (mentionId) => getJson(`/api/v1/mentions/${encodeURIComponent(mentionId)}/rules`);

/** One thing that the door was asked to do, and what it said. @param {string|undefined} said @param {string} what */
function done(said, what) {
  if (said === "done") return what;
  return said === undefined ? `${what}, on its way` : `${what} was refused: ${said.replace(/^\w+: /, "")}`;
}

/** @param {Act} act */
function didText(act) {
  if (act.state === "stopped") return `not fired because ${act.stopped}`;
  const parts = [
    act.priority > 0 && done(act.done.prioritise, `priority ${act.priority}`),
    act.queue && done(act.done.reroute, `to the queue ${words(act.queue)}`),
    act.labels.length > 0 && `labelled ${act.labels.join(", ")}`,
    act.handed_to.length > 0 && `handed to ${act.handed_to.join(", ")}`,
    act.replied && "replied to the customer, if permitted",
    act.told.length > 0 && `told ${act.told.join(", ")}`,
  ];
  return parts.filter(Boolean).join("; ");
}

/** @param {{act:Act}} props */
const Line = ({ act }) => html`<li data-testid="rule-act" data-state=${act.state}><b><bdi>${act.rule}</bdi></b>
  ${` ${EVENTS[act.event] ?? act.event}, ${nearTime(act.at_ms, now.value)}: ${didText(act)}. `}<span class="muted" dir="auto">${act.why}</span></li>`;

/** @param {{events:Asked[]}} props */
function Acts({ events }) {
  const acts = events.flatMap((event) => event.acts);
  if (acts.length === 0) return null;
  return html`<section class="rule-acts" aria-label="What rules did since"><h3>Rules since</h3>
    <ul class="notes">${acts.map((act, i) => html`<${Line} key=${i} act=${act} />`)}</ul></section>`;
}

/** On a card: read again whenever the task has changed. @param {{task:import("./types.js").Card}} props */
export function RulesSince({ task }) {
  const [events, setEvents] = useState(/** @type {Asked[]} */ ([]));
  useEffect(() => {
    let over = false;
    storyOf(task.mention_id).then(
      (story) => over || setEvents(story.events),
      (error) => {
        if (!(error instanceof ApiError)) throw error; // the card says enough without them
      },
    );
    return () => {
      over = true;
    };
  }, [task.task_id, task.version]);
  return html`<${Acts} events=${events} />`;
}

/** @typedef {{mentionId:string,taskId:string,atMention:boolean,story:Story|null,problem:string}} Shown */
const shown = signal(/** @type {Shown|null} */ (null));
/** @type {(taskId:string) => (() => void)|null} */
let reach = () => null;

/** How this page leads to a task that it has: nothing where it has not. @param {typeof reach} way */
export const leadBy = (way) => (reach = way);

/** `atMention`: it is asked for what rules told when the mention was decided.
 * @param {string} mentionId @param {string} taskId @param {boolean} [atMention] */
export async function showTask(mentionId, taskId, atMention = false) {
  const mine = { mentionId, taskId, atMention, story: null, problem: "" };
  shown.value = mine;
  try {
    const story = await storyOf(mentionId);
    if (shown.value === mine) shown.value = { ...mine, story };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (shown.value === mine) shown.value = { ...mine, problem: error.message };
  }
}

const close = () => (shown.value = null);
/** What follows once the dialog has closed: it first gives the focus back to where it was. */
let after = /** @type {(() => void)|null} */ (null);

function closed() {
  close();
  after?.();
  after = null;
}

/** What a notice leads to: what was said, what rules did, and the way to the task on this page. */
export function TaskDialog() {
  const of = shown.value;
  const go = of && reach(of.taskId);
  return html`<${Dialog} open=${of !== null} onClose=${closed} label="What rules did">
    <div class="dialog-head"><h2>What rules did</h2>
      <button class="icon-button" type="button" aria-label="Close" onClick=${close}><${Icon} name="x" /></button></div>
    ${of?.problem && html`<p class="problem" role="alert"><${Icon} name="triangle-alert" /><span>${of.problem}</span></p>`}
    ${of?.story && html`<p class="story-said" dir="auto" data-testid="story-said">${of.story.mention?.text ?? ""}</p>
      <${Acts} events=${of.story.events} />
      ${of.story.events.every((event) => event.acts.length === 0) && html`<p class="muted" data-testid="story-none">${of.atMention
        ? "Rules told this when the mention was decided. None has acted since."
        : "No rule has acted since it was decided."}</p>`}
      <${Corrections} mentionId=${of.mentionId} ask=${() => ((after = () => askCorrect(of.mentionId)), close())} />`}
    ${go && html`<div class="ask-actions"><button type="button" class="button primary" data-testid="story-go"
      onClick=${() => ((after = go), close())}>Go to the task</button></div>`}
  <//>`;
}
