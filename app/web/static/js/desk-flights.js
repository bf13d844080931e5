// @ts-check
/** The flights of a task, on its card: where the group is, what all say now, how many others there are. */
import { html, signal } from "../vendor/vendor.js";
import { ApiError, getJson, postJson, readOnly } from "./api.js";
import { asking } from "./ask.js";
import { now } from "./clock.js";
import { forWhom, soon } from "./flights-words.js";
import { count, plural } from "./format.js";
import { Icon } from "./icon.js";
import { notify } from "./notices.js";

/** @typedef {import("./flights-types.js").OnCard} OnCard */
/** @typedef {import("./types.js").Card} Card */

const ROOT = "/api/v1/flights";

/** The flights of each task by its id, the last opened first. */
const byTask = signal(/** @type {Record<string, OnCard[]>} */ ({}));
const sending = signal(false);

/** A card came: null says that nobody could be asked, and nothing at all that it was an answer to a command.
 * @param {Card} card */
export function note(card) {
  if (card.flights) byTask.value = { ...byTask.value, [card.task_id]: card.flights };
}

/** How many open flights I could add a task to. */
export const follows = signal(0);

/** Some flight has changed: those of all my tasks.
 * @param {{tasks:Record<string, OnCard[]|null>,follows:number}} found */
export function applyFlights(found) {
  follows.value = found.follows;
  const known = Object.entries(found.tasks).filter(([, list]) => list !== null);
  byTask.value = { ...byTask.value, .../** @type {Record<string, OnCard[]>} */ (Object.fromEntries(known)) };
}

/** @param {string} path @param {object} body */
async function send(path, body) {
  if (sending.value) return;
  sending.value = true;
  try {
    await postJson(path, body);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  } finally {
    sending.value = false;
  }
}

/** Puts the text behind what is written: it is never sent by itself. @param {string} say */
function use(say) {
  const field = document.querySelector("#reply");
  if (!(field instanceof HTMLTextAreaElement)) return;
  field.value = field.value.trim() ? `${field.value.trimEnd()}\n\n${say}` : say;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

/** @param {{flight:OnCard}} props */
function Step({ flight }) {
  const { step, route } = flight;
  if (route.of === 0) return null;
  if (!step) return html`<p class="flight-step" data-testid="card-flight-step">All ${route.of} steps are done.</p>`;
  const who = forWhom(step.who);
  return html`<p class="flight-step" data-testid="card-flight-step">
    <span class="muted num">Step ${step.number} of ${route.of}</span> <span dir="auto">${step.what}</span>${who && html` <span class="muted">for <bdi>${who}</bdi></span>`}
    ${flight.may_tick && html` <button type="button" class="button small" data-testid="card-flight-tick" disabled=${sending.value || readOnly.value}
      onClick=${() => send(`${ROOT}/${encodeURIComponent(flight.id)}/tick`, { step: step.id })}><${Icon} name="check" />Done</button>`}</p>`;
}

/** @param {{flight:OnCard}} props */
function Block({ flight }) {
  const others = Math.max(0, flight.tasks - 1);
  const due = soon(flight, now.value);
  return html`<section class="flight-block" data-testid="card-flight" data-flight-id=${flight.id} aria-label=${`Flight ${flight.name}`}>
    <p class="flight-block-head"><${Icon} name="send" /><a href=${`/flights#${flight.id}`} dir="auto">${flight.name}</a>
      <span class="muted num" data-testid="card-flight-others">${others ? `with ${plural(others, "other task")}, ` : ""}${count(flight.open)} open${due ? ` · ${due}` : ""}</span></p>
    <p class="muted" dir="auto">Goal: ${flight.goal}</p>
    <${Step} flight=${flight} />
    ${flight.say && html`<p class="flight-block-say"><q dir="auto" data-testid="card-flight-say">${flight.say}</q>
      <button type="button" class="button small" data-testid="card-flight-use" onClick=${() => use(flight.say)}>Use it</button></p>`}
  </section>`;
}

/** @param {{task:Card}} props */
export const TaskFlights = ({ task }) => html`${(byTask.value[task.task_id] ?? []).map((flight) => html`<${Block} key=${flight.id} flight=${flight} />`)}`;

/** The same in a line, for an offer. @param {{task:Card}} props */
export function OnFlights({ task }) {
  const found = byTask.value[task.task_id] ?? [];
  if (found.length === 0) return null;
  return html`<ul class="notes">${found.map(({ id, name, step, route }) => html`<li key=${id} data-testid="offer-flight">On flight <bdi>${name}</bdi>${
    step ? html`: step ${step.number} of ${route.of}, <bdi>${step.what}</bdi>` : ""}</li>`)}</ul>`;
}

/** Lets my task belong to one of the flights that I follow. @param {Card|null} task */
export async function askFlight(task) {
  if (!task) return;
  try {
    const { open } = await getJson(ROOT);
    const on = new Set((byTask.value[task.task_id] ?? []).map((flight) => flight.id));
    const options = open.filter((/** @type {any} */ one) => one.may.tick && !on.has(one.id)).map((/** @type {any} */ one) => ({ value: one.id, label: one.name }));
    if (options.length === 0) return void notify("info", "No other flight is open that you follow.");
    asking.value = {
      title: "Add to a flight", about: task.mention.text.slice(0, 120), confirm: () => "Add it", first: { flight: options[0].value },
      fields: () => [{ name: "flight", label: "Flight", kind: "select", options }],
      run: async (values, key) => void (await postJson(`${ROOT}/${encodeURIComponent(values.flight)}/add_task`, { task_id: task.task_id }, key)),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  }
}
