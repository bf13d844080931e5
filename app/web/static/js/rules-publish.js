// @ts-check
/** Publishing: a comment, and a back-test that was seen or a reason why not. */
import { postJson } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { notify } from "./notices.js";
import { seenBacktest } from "./rules-backtest.js";
import { changesText } from "./rules-compare.js";
import { throwAway } from "./rules-edit.js";
import { soon } from "./rules-soon.js";
import { changes, draft, draftPath, live } from "./rules-store.js";

/** Why the draft cannot be published now; empty where it can. */
export function publishProblem() {
  const mine = draft.value;
  if (!mine) return "No draft is open.";
  if (mine.problems.length) return "The draft has problems: they are listed above the table.";
  if (mine.based_on < (live.value?.number ?? 0)) return "The live version has moved on: look at it first.";
  if (mine.digest === live.value?.digest) return "The draft changes nothing.";
  return "";
}

/** @param {import("./ask.js").Values} values @returns {import("./ask.js").Field[]} */
function fieldsOf(values) {
  const comment = reasonField("What this changes, and why");
  /** @type {import("./ask.js").Field[]} */
  const skipping = [
    { name: "skip", label: "Publish without a back-test that somebody has seen", kind: "check", optional: true },
    ...(values.skip === "yes" ? [{
      name: "skip_reason", label: "Why without", kind: /** @type {const} */ ("text"), note: "It is kept with the version.",
    }] : []),
  ];
  return [{ ...comment, name: "comment" }, ...(seenBacktest() ? [] : skipping)];
}

export function askPublish() {
  const mine = draft.value;
  if (!mine || publishProblem()) return;
  const backtest = seenBacktest();
  asking.value = {
    title: "Publish",
    about: `${changesText(changes.value)} against version ${live.value?.number}. ${backtest ? "Its back-test was seen."
      : "No back-test of exactly this draft was seen."} It takes effect on all processes within two seconds.`,
    first: { comment: "", skip: "", skip_reason: "" },
    fields: fieldsOf,
    ready: (values) => Boolean(seenBacktest()) || values.skip === "yes",
    confirm: (values) => (values.skip === "yes" && !seenBacktest() ? "Publish without a back-test" : "Publish"),
    run: async ({ comment, skip_reason: reason }, key) => {
      const id = seenBacktest();
      const made = await postJson(`${draftPath(mine.id)}/publish`, { comment, ...(id ? { backtest_id: id } : { skip_reason: reason }) }, key);
      notify("info", `Version ${made.number} is live.`);
      await soon();
    },
  };
}

export function askThrowAway() {
  if (!draft.value) return;
  asking.value = {
    title: "Throw the draft away",
    about: `${draft.value.title}: ${changesText(changes.value)}. This cannot be taken back.`,
    first: {},
    fields: () => [],
    confirm: () => "Throw it away",
    run: async () => { await throwAway(); },
  };
}
