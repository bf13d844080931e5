// @ts-check
/** One flight: its goal, the route as a checklist, what belongs to it, how it ended, what was done. */
import { html } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { now } from "./clock.js";
import { askAdd, askClose, askRemove, askReopen, askUntick } from "./flights-moves.js";
import { busy, me, moveNow, openForm } from "./flights-store.js";
import { deed, fieldChanges, forWhom, measure, moment, soon } from "./flights-words.js";
import { clockTime, count, duration, plural, words } from "./format.js";
import { ChannelIcon, Icon } from "./icon.js";

/** @typedef {import("./flights-types.js").Flight} Flight */

const still = () => busy.value || readOnly.value;

/** @param {{flight:Flight}} props */
function Head({ flight }) {
  const { closed } = flight;
  return html`<header class="flight-head">
    <h2 id="flight-name-shown" data-testid="flight-shown" dir="auto">${flight.name}</h2>
    <span class="tag" data-testid="flight-state" data-state=${flight.state}>${closed ? (closed.how === "reached" ? "Goal reached" : "Closed by hand") : "Open"}</span>
    <span class="spring"></span>
    ${flight.may.lead && !closed && html`
      <button type="button" class="button" data-testid="flight-edit" disabled=${still()} onClick=${() => openForm(flight)}>Edit <kbd>e</kbd></button>
      <button type="button" class="button" data-testid="flight-close" disabled=${still()} onClick=${() => askClose(flight)}>Close</button>`}
    ${flight.may.lead && closed && html`<button type="button" class="button" data-testid="flight-reopen" disabled=${still()} onClick=${() => askReopen(flight)}>Reopen</button>`}
  </header>`;
}

/** @param {{flight:Flight}} props */
function Goal({ flight }) {
  const due = flight.closed ? "" : soon(flight, now.value);
  return html`<section class="flight-goal" aria-label="Goal">
    <p class="flight-words" data-testid="flight-goal" dir="auto">${flight.goal.words}</p>
    <p class="muted">It ${measure(flight.goal)}${due && html` · <b class="num" data-testid="flight-due">${due}</b>`}</p>
    ${flight.say && html`<blockquote class="flight-say" data-testid="flight-say-shown" dir="auto">${flight.say}</blockquote>`}
    <p class="muted flight-about">Opened by <bdi>${flight.opened_by}</bdi> ${moment(flight.opened_ms)}
      ${flight.labels.length > 0 && html` · labels ${flight.labels.map((label) => html`<span class="tag plain" key=${label}>${words(label)}</span> `)} from ${moment(flight.since_ms)} on`}
      ${" "}· followed by ${[...flight.group.reps, ...flight.group.queues.map((queue) => `queue ${queue}`)].join(", ")}</p>
    ${flight.also.length > 0 && html`<p class="muted" data-testid="flight-also">The same labels are on${" "}
      ${flight.also.map((other) => html`<a key=${other.id} href=${`#${other.id}`} dir="auto">${other.name}</a> `)}: such a task is on all of them.</p>`}
  </section>`;
}

/** @param {{step:import("./flights-types.js").Step,flight:Flight,current:boolean}} props */
function StepLine({ step, flight, current }) {
  const who = forWhom(step.who);
  const act = (/** @type {any} */ event) => {
    event.target.checked = step.done !== null; // until the server has said so
    if (step.done) askUntick(step);
    else void moveNow("tick", { step: step.id });
  };
  return html`<li class="step" data-testid="flight-step-line" data-done=${step.done !== null} aria-current=${current ? "step" : undefined}>
    <label><input type="checkbox" data-testid="flight-tick" checked=${step.done !== null} disabled=${!flight.may.tick || still()} onChange=${act} />
      <span class="step-what" dir="auto">${step.what}</span></label>
    <span class="muted step-who">${step.done
      ? html`done by <bdi>${step.done.by}</bdi> ${clockTime(step.done.at_ms)}${step.done.note && html`: <bdi>${step.done.note}</bdi>`}`
      : who && html`for <bdi>${who}</bdi>`}</span></li>`;
}

/** @param {{flight:Flight}} props */
function Route({ flight }) {
  if (flight.steps.length === 0) return null;
  const current = flight.steps.find((step) => !step.done);
  return html`<section class="panel" aria-label="Route"><div class="pane-head"><h3>Route</h3><span class="spring"></span>
      <span class="muted num" data-testid="flight-progress">${flight.route.done} of ${flight.route.of} done</span></div>
    <ol class="route">${flight.steps.map((step) => html`<${StepLine} key=${step.id} step=${step} flight=${flight} current=${!flight.closed && step === current} />`)}</ol></section>`;
}

/** @param {{row:import("./flights-types.js").Belonging,flight:Flight}} props */
function Row({ row, flight }) {
  const mine = flight.may.lead || (flight.may.tick && row.by === me);
  return html`<li class="belonging-row" data-testid="flight-task" data-mention-id=${row.mention_id}>
    <span class="belonging-who">${row.channel && html`<${ChannelIcon} channel=${row.channel} />`}<bdi class="ellipsis">${row.handle || row.mention_id.slice(0, 8)}</bdi></span>
    <span class="belonging-said ellipsis muted" dir="auto">${row.said}</span>
    <span class="tag plain">${row.label ? words(row.label) : html`by <bdi>${row.by}</bdi>`}</span>
    <span class="tag">${words(row.status || "waiting")}</span>
    ${mine && !flight.closed && html`<button type="button" class="icon-button small" data-testid="flight-remove" aria-label=${`Take the mention of ${row.handle || "this customer"} out`}
      disabled=${still()} onClick=${() => askRemove(row)}><${Icon} name="x" /></button>`}</li>`;
}

/** @param {{flight:Flight}} props */
function Belonging({ flight }) {
  const more = flight.mentions - flight.belonging.length;
  return html`<section class="panel" aria-label="What belongs to it"><div class="pane-head"><h3>Tasks</h3><span class="spring"></span>
      <span class="muted num" data-testid="flight-counts">${plural(flight.tasks, "task")} of ${plural(flight.mentions, "mention")}, ${count(flight.open)} open</span>
      ${flight.may.tick && html`<button type="button" class="button small" data-testid="flight-add-task" disabled=${still()} onClick=${askAdd}>Add a task</button>`}</div>
    ${flight.belonging.length === 0 && html`<p class="empty">Nothing belongs to it yet.${flight.labels.length > 0 ? " What gets one of its labels does." : ""}</p>`}
    <ul class="belonging">${flight.belonging.map((row) => html`<${Row} key=${row.mention_id} row=${row} flight=${flight} />`)}</ul>
    ${more > 0 && html`<p class="muted belonging-more">and ${plural(more, "earlier one")}</p>`}</section>`;
}

/** @param {number|null} seconds */
const wait = (seconds) => (seconds === null ? "nobody was answered" : duration(seconds * 1000));

/** @param {{flight:Flight}} props */
function Outcome({ flight }) {
  if (!flight.closed) return null;
  const { outcome, at_ms: at, by, reason } = flight.closed;
  const figures = [
    ["Closed", `${moment(at)} by ${by}: ${reason}`],
    ["Goal reached", outcome.reached_ms ? moment(outcome.reached_ms) : "no"],
    ["Took", duration(outcome.lasted_s * 1000)],
    ["Mentions and tasks", `${count(outcome.mentions)} and ${count(outcome.tasks)}, ${count(outcome.open)} still open`],
    ["Answered", count(outcome.answered)],
    ["First reply, median", wait(outcome.first_reply_median_s)],
    ["First reply, longest", wait(outcome.first_reply_longest_s)],
    ["Steps done", `${outcome.steps_done} of ${outcome.steps}`],
  ];
  const people = Object.entries(outcome.people);
  return html`<section class="panel" aria-label="Outcome" data-testid="flight-outcome"><div class="pane-head"><h3>Outcome</h3></div>
    <dl class="outcome">${figures.map(([name, value]) => html`<div key=${name}><dt class="muted">${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl>
    ${people.length > 0 && html`<table class="people"><thead><tr><th scope="col">Who</th><th scope="col">Replies</th><th scope="col">Completed</th><th scope="col">Steps</th></tr></thead>
      <tbody>${people.map(([name, did]) => html`<tr key=${name}><th scope="row"><bdi>${name}</bdi></th><td>${did.replies}</td><td>${did.completed}</td><td>${did.steps}</td></tr>`)}</tbody></table>`}
  </section>`;
}

/** @param {{flight:Flight}} props */
const History = ({ flight }) => html`<section class="panel" aria-label="History"><div class="pane-head"><h3>History</h3></div>
  <ol class="deeds" data-testid="flight-history">${flight.history.map((event) => html`<li key=${event.version} data-kind=${event.kind}>
    <span class="muted num">${moment(event.at_ms)}</span> <b><bdi>${event.by}</bdi></b> <span dir="auto">${deed(event)}</span>
    ${fieldChanges(event).length > 0 && html`<ul class="deed-fields">${fieldChanges(event).map((one) => html`<li key=${one.name}><span class="muted">${one.name}:</span>
      ${" "}<del dir="auto">${one.from}</del> <ins dir="auto">${one.to}</ins></li>`)}</ul>`}</li>`)}</ol></section>`;

/** @param {{flight:Flight}} props */
export const OneFlight = ({ flight }) => html`<article class="flight-one" aria-labelledby="flight-name-shown" data-flight-id=${flight.id} data-version=${flight.version}>
  <${Head} flight=${flight} /><${Goal} flight=${flight} /><${Route} flight=${flight} /><${Outcome} flight=${flight} /><${Belonging} flight=${flight} /><${History} flight=${flight} />
</article>`;
