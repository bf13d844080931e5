// @ts-check
/** What an agent does with a task beside answering it: hand it on, park it, take it up, wrap it up. */
import { batch } from "../vendor/vendor.js";
import { act, refused } from "./actions.js";
import { newKey, postJson, readOnly, taskPath } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { customerName } from "./names.js";
import { parkBody, parkFields, PARK_FIRST } from "./parking.js";
import * as store from "./store.js";

/** @typedef {import("./types.js").Card} Card */

/** @param {Card} task */
const about = (task) => `${customerName(task)}, ${task.queue_title}`;

/** @param {Card|null} task */
export function askTransfer(task) {
  if (!task || readOnly.value) return;
  const queues = store.allQueues.value
    .filter((queue) => queue.name !== task.queue)
    .map((queue) => ({ value: `queue:${queue.name}`, label: queue.title, group: "Queues" }));
  const people = store.colleagues.value
    .map((rep) => ({ value: `rep:${rep.name}`, label: rep.title, group: "Colleagues" }));
  asking.value = {
    title: "Hand on",
    about: about(task),
    first: { to: queues[0]?.value ?? people[0]?.value ?? "" },
    fields: () => [
      { name: "to", label: "To", kind: "select", options: [...queues, ...people] },
      reasonField("Why (the next agent reads this)"),
    ],
    confirm: () => "Hand on",
    run: async ({ to, reason }, key) => {
      const [kind, name] = to.split(":");
      const body = kind === "queue" ? { queue: name, reason } : { to_rep: name, reason };
      store.leaving.add(task.task_id);
      try {
        await postJson(taskPath(task.task_id, "transfer"), body, key);
      } finally {
        store.leaving.delete(task.task_id);
      }
      store.applyClosed({ task_id: task.task_id });
      const label = [...queues, ...people].find((option) => option.value === to)?.label ?? name;
      store.notify("info", `Handed on to ${label}.`);
    },
  };
}

/** @param {Card|null} task */
export function askPark(task) {
  if (!task || readOnly.value) return;
  asking.value = {
    title: "Park",
    about: `${about(task)}. Its clock goes on.`,
    first: PARK_FIRST,
    fields: (values) => [...parkFields(values), { name: "customer", label: "Waiting for the customer", kind: "check" }],
    confirm: () => "Park",
    run: async (values, key) => {
      store.applyTask(await postJson(taskPath(task.task_id, "park"), parkBody(values), key));
      store.notify("info", "Parked. It comes back by itself; you find it below your tasks.");
    },
  };
}

/** @param {Card} task */
export function resume(task, key = newKey()) {
  if (readOnly.value) return;
  const id = task.task_id;
  void act(
    id,
    async () => {
      const card = await postJson(taskPath(id, "resume"), {}, key);
      batch(() => {
        store.applyTask(card);
        store.unpark(id, card.version);
        if (card.state === "accepted") store.select(id);
        else store.notify("info", "Resumed. It is offered to you as soon as you have room.");
      });
    },
    (error) => {
      if (error.code === "unknown_task" || error.code === "wrong_state") store.unpark(id, task.version);
      store.notify("error", error.message, error.unknown ? () => resume(task, key) : undefined);
    },
  );
}

/** @param {Card|null} task */
export function wrapUp(task, key = newKey()) {
  if (!task || task.state !== "accepted" || readOnly.value) return;
  void act(
    task.task_id,
    async () => store.applyTask(await postJson(taskPath(task.task_id, "wrap"), {}, key)),
    (error) => refused(task, error, (again) => wrapUp(task, again), key),
  );
}
