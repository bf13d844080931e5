// @ts-check
/** What happened elsewhere is written down: a call, a letter, a visit, an event, a comment card. */
import { postJson } from "./api.js";
import { asking } from "./ask.js";
import { words } from "./format.js";
import { notify } from "./notices.js";

/** @typedef {import("./ask.js").Option} Option */

const TEXT_CHARS = 10_000; // what the server takes
/** @type {Option[]} */
const KINDS = [
  { value: "phone", label: "Phone call" },
  { value: "letter", label: "Letter" },
  { value: "visit", label: "Visit" },
  { value: "event", label: "Event" },
  { value: "card", label: "Comment card" },
];
const UPSHOTS = ["resolved", "no_answer_needed", "passed_on", "no_answer", "satisfied", "unsatisfied"];

/** Now, as an input for local times has it. */
function here() {
  const date = new Date();
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {string} person their key @param {string} name @param {() => void} after */
export function askNote(person, name, after) {
  asking.value = {
    title: "Write down what happened elsewhere",
    about: `With ${name}. It is kept for good. If it needs an answer, take it in as a mention instead.`,
    first: { kind: "phone", at: here(), text: "", upshot: "" },
    fields: () => [
      { name: "kind", label: "What it was", kind: "select", options: KINDS },
      { name: "at", label: "When", kind: "when" },
      { name: "text", label: "What was said", kind: "text", max: TEXT_CHARS },
      { name: "upshot", label: "How it ended", kind: "select", optional: true,
        options: [{ value: "", label: "Open" }, ...UPSHOTS.map((value) => ({ value, label: words(value) }))] },
    ],
    ready: ({ at }) => !Number.isNaN(new Date(at).getTime()),
    confirm: () => "Write it down",
    run: async ({ kind, at, text, upshot }, key) => {
      await postJson("/api/v1/history", { kind, person, at: new Date(at).toISOString(), text, upshot }, key);
      notify("info", "It is kept, and on the timeline in a moment.");
      after();
    },
  };
}
