// @ts-check
/** What a supervisor does to a task: each with a reason, all through one dialog. */
import { postJson, taskPath } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { customerName } from "./names.js";
import { notify } from "./notices.js";
import { PARK_FIRST, parkBody, parkFields } from "./parking.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {import("./types.js").FloorRep} FloorRep */
/** @typedef {import("./types.js").Queue} Queue */
/** @typedef {"assign"|"pull_back"|"park"|"resume"|"prioritise"|"cancel"} Move */

/** Analysts and engineers look on. */
export const canDirect = ["supervisor", "admin"].includes(document.body.dataset.role ?? "");

/** @type {{reps:FloorRep[],queues:Queue[],done:()=>void}} */
let floor = { reps: [], queues: [], done: () => {} };

/** What there is to choose from, and who hears that something was done. @param {typeof floor} now */
export const know = (now) => (floor = now);

const HELD = ["offered", "accepted", "wrapping"];
/** @type {Record<Move, {label:string,done:string,states:string[]}>} */
const MOVES = {
  assign: { label: "Assign to an agent", done: "Offered.", states: ["queued", "offered", "parked"] },
  pull_back: { label: "Pull back into a queue", done: "Pulled back.", states: HELD },
  park: { label: "Park", done: "Parked.", states: ["queued", "accepted"] },
  resume: { label: "Resume now", done: "Resumed.", states: ["parked"] },
  prioritise: { label: "Change the priority", done: "Priority changed.", states: [...HELD, "queued", "parked"] },
  cancel: { label: "Cancel the task", done: "Cancelled.", states: [...HELD, "queued", "parked"] },
};
const NAMES = /** @type {Move[]} */ (Object.keys(MOVES));

/** @param {FloorRep} rep */
function repLabel(rep) {
  const state = rep.state === "available" ? `${rep.load} of ${rep.capacity}` : rep.state;
  return { value: rep.name, label: `${rep.title} (${state})`, group: rep.state === "available" ? "Available" : "Not available" };
}

/** @param {Move} move @param {Card} task @param {Record<string, string>} values */
function fieldsOf(move, task, values) {
  const queues = floor.queues.map((queue) => ({ value: queue.name, label: queue.title }));
  const reps = [...floor.reps].sort((a, b) => a.state.localeCompare(b.state) || a.title.localeCompare(b.title));
  /** @type {Record<Move, import("./ask.js").Field[]>} */
  const fields = {
    assign: [{ name: "rep", label: "Agent", kind: "select", options: reps.map(repLabel),
      note: "It is offered to them past order, skills and room; they answer it like any offer." }, reasonField()],
    pull_back: [{ name: "queue", label: "Into", kind: "select", options: queues }, reasonField()],
    park: parkFields(values),
    resume: [],
    prioritise: [{ name: "priority", label: "Priority, 0 to 100", kind: "number", min: 0, max: 100,
      note: `It is ${task.priority} now; higher is more pressing.` }, reasonField()],
    cancel: [reasonField("Why nobody has to do anything")],
  };
  return fields[move];
}

/** @param {Move} move @param {Card} task @param {Record<string, string>} values */
function bodyOf(move, task, values) {
  const { reason, rep, queue, priority } = values;
  if (move === "assign") return { rep, reason };
  if (move === "pull_back") return queue === task.queue ? { reason } : { queue, reason };
  if (move === "park") return parkBody(values);
  if (move === "resume") return {};
  if (move === "prioritise") return { priority: Number(priority), reason };
  return { reason };
}

/** Opens the dialog, at one move or at the choice of one. @param {Card} task @param {Move} [preset] */
export function askAbout(task, preset) {
  const able = NAMES.filter((name) => MOVES[name].states.includes(task.state));
  const free = floor.reps.find((rep) => rep.state === "available") ?? floor.reps[0];
  const first = preset ?? able.find((name) => name !== "assign" && name !== "pull_back") ?? able[0];
  const move = (/** @type {Record<string, string>} */ values) => /** @type {Move} */ (values.move);
  asking.value = {
    title: preset ? MOVES[preset].label : "Task",
    about: `${customerName(task)}, ${task.queue_title}`,
    first: { move: first, rep: free?.name ?? "", queue: task.queue, priority: String(task.priority), ...PARK_FIRST },
    fields: (values) => [
      ...(preset ? [] : [{ name: "move", label: "What", kind: /** @type {const} */ ("select"),
        options: able.map((name) => ({ value: name, label: MOVES[name].label })) }]),
      ...fieldsOf(move(values), task, values),
    ],
    confirm: (values) => MOVES[move(values)].label,
    run: async (values, key) => {
      await postJson(taskPath(task.task_id, move(values)), bodyOf(move(values), task, values), key);
      notify("info", `${MOVES[move(values)].done} ${customerName(task)}, ${task.queue_title}.`);
      floor.done();
    },
  };
}
