// @ts-check
/** What is asked before a flight is closed, reopened or a task comes or goes. */
import { ApiError, getJson } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { move, shown } from "./flights-store.js";
import { customerName } from "./names.js";
import { notify } from "./notices.js";

const MINUTES = "30";

/** @param {import("./flights-types.js").Flight} flight */
export function askClose(flight) {
  asking.value = {
    title: "Close the flight", about: flight.name, confirm: () => "Close it", first: {}, danger: true,
    fields: () => [reasonField("Why it ends before its goal is reached")],
    run: (values, key) => move("close", { reason: values.reason }, key),
  };
}

/** A goal that is reached already would close it at once: then another one is asked for.
 * @param {import("./flights-types.js").Flight} flight */
export function askReopen(flight) {
  const reached = flight.goal.kind === "time" || (flight.goal.kind === "steps" && flight.route.done === flight.route.of);
  const fields = [reasonField("Why it goes on"), ...(reached ? [{
    name: "minutes", label: "Close it when no task was open for so many minutes", kind: /** @type {const} */ ("number"), min: 1, max: 10_080,
    note: "Its goal is reached already, so it needs another measure.",
  }] : [])];
  asking.value = {
    title: "Reopen the flight", about: flight.name, confirm: () => "Reopen it", first: { minutes: MINUTES },
    fields: () => fields,
    run: (values, key) => move("reopen", {
      reason: values.reason,
      ...(reached ? { goal: { words: flight.goal.words, kind: "quiet", minutes: Number(values.minutes) } } : {}),
    }, key),
  };
}

/** @param {import("./flights-types.js").Step} step */
export function askUntick(step) {
  asking.value = {
    title: "Take the tick back", about: `${step.what} (done by ${step.done?.by})`, confirm: () => "Take it back", first: {},
    fields: () => [reasonField()],
    run: (values, key) => move("untick", { step: step.id, reason: values.reason }, key),
  };
}

/** @param {import("./flights-types.js").Belonging} row */
export function askRemove(row) {
  asking.value = {
    title: "Take it out of the flight", about: `${row.handle}: ${row.said.slice(0, 120)}`, confirm: () => "Take it out", first: {},
    fields: () => [reasonField()],
    run: (values, key) => move("remove_task", { mention_id: row.mention_id, reason: values.reason }, key),
  };
}

/** Agents choose among what they have, who leads among all open tasks. */
export async function askAdd() {
  const flight = shown.value;
  if (!flight) return;
  try {
    const cards = flight.may.lead ? await getJson("/api/v1/tasks") : (await getJson("/api/v1/desk")).tasks;
    const known = new Set(flight.belonging.map((row) => row.task_id));
    const options = cards.filter((/** @type {any} */ card) => !known.has(card.task_id)).map((/** @type {any} */ card) => ({
      value: card.task_id, label: `${customerName(card)}: ${card.mention.text.slice(0, 60)}`, group: card.queue_title,
    }));
    if (options.length === 0) return void notify("info", "There is no other task that you could add.");
    asking.value = {
      title: "Add a task", about: flight.name, confirm: () => "Add it", first: { task: options[0].value },
      fields: () => [{ name: "task", label: "Open task", kind: "select", options }],
      run: (values, key) => move("add_task", { task_id: values.task }, key),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  }
}
