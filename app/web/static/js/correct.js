// @ts-check
/** What people say of a mention in place of the model: on its card, and the dialog that asks for it. */
import { html, signal, useEffect } from "../vendor/vendor.js";
import { ApiError, getJson, postJson, readOnly } from "./api.js";
import { asking } from "./ask.js";
import { words } from "./format.js";
import { notify } from "./notices.js";

/** @typedef {{by:string,sentiment:string,intent:string,urgency:string}} Label */

const FIELDS = /** @type {const} */ ({
  sentiment: ["negative", "neutral", "positive"],
  intent: ["question", "complaint", "praise", "request", "other"],
  urgency: ["none", "low", "medium", "high", "critical"],
});
const NAMES = /** @type {(keyof typeof FIELDS)[]} */ (Object.keys(FIELDS));
const WHY_CHARS = 500; // what the server takes

/** Who may correct; the server checks it again, and of agents that they had the task. */
const canCorrect = ["agent", "supervisor", "analyst", "admin"].includes(document.body.dataset.role ?? "");
const me = document.body.dataset.user ?? "";

/** @typedef {{model:{sentiment:string,intent:string,urgency:string}|null,labels:Label[]}} Said */

/** By mention: what the model and people said, as far as it was asked for here. */
const said = signal(/** @type {Record<string, Said>} */ ({}));

/** @param {string} mentionId @param {Said} found */
const keep = (mentionId, found) => (said.value = { ...said.value, [mentionId]: found });

/** @param {string} mentionId @returns {Said} */
const knownOf = (mentionId) => said.value[mentionId] ?? { model: null, labels: [] };

/** @param {string} mentionId */
const pathOf = (mentionId) => `/api/v1/mentions/${encodeURIComponent(mentionId)}/labels`;

/** @param {string} mentionId */
export function askCorrect(mentionId) {
  if (!canCorrect || readOnly.value) return;
  const mine = knownOf(mentionId).labels.find((label) => label.by === me);
  asking.value = {
    title: "Correct the score",
    about: "The model learns from it. Nothing that was decided changes.",
    first: { why: "", ...Object.fromEntries(NAMES.map((name) => [name, mine?.[name] ?? ""])) },
    fields: () => [
      ...NAMES.map((name) => ({
        name, label: words(name), kind: /** @type {const} */ ("select"), optional: true,
        options: [{ value: "", label: "I do not say" }, ...FIELDS[name].map((word) => ({ value: word, label: words(word) }))],
      })),
      { name: "why", label: "Why (you need not say)", kind: "text", optional: true, max: WHY_CHARS },
    ],
    ready: (values) => NAMES.some((name) => values[name]),
    confirm: () => "Correct",
    run: async (values, key) => {
      const label = Object.fromEntries(NAMES.filter((name) => values[name]).map((name) => [name, values[name]]));
      await postJson(pathOf(mentionId), values.why.trim() ? { ...label, why: values.why } : label, key);
      const known = knownOf(mentionId);
      const others = known.labels.filter((one) => one.by !== me);
      keep(mentionId, { ...known, labels: [...others, { by: me, sentiment: "", intent: "", urgency: "", ...label }] });
      notify("info", "Kept as your label. What was decided stays as it is.");
    },
  };
}

/** What somebody says, in words. @param {{sentiment:string,intent:string,urgency:string}} label */
const told = (label) => NAMES.filter((name) => label[name])
  .map((name) => (name === "urgency" ? `urgency ${label[name]}` : label[name])).join(", ");

/** Said by the model, corrected by whom, and the way to correct it: under the score, or elsewhere, where `ask` leads there.
 * @param {{mentionId:string,ask?:() => void}} props */
export function Corrections({ mentionId, ask }) {
  useEffect(() => {
    getJson(pathOf(mentionId)).then(
      (found) => keep(mentionId, found),
      (error) => {
        if (!(error instanceof ApiError)) throw error; // the card says enough without them
      },
    );
  }, [mentionId]);
  const { model, labels } = knownOf(mentionId);
  const spoken = ask && model ? `The model says ${told(model)}` : "Said by the model";
  return html`<p class="score-why" data-testid="corrections">
    <span class="muted">${spoken}${labels.length > 0 ? ", corrected by" : "."}</span>
    ${labels.map((label) => html`<span class="tag" key=${label.by} data-testid="correction"><span><bdi>${label.by}</bdi>: ${told(label)}</span></span>`)}
    ${canCorrect && html`<button type="button" class="button small" data-testid="task-correct" disabled=${readOnly.value}
      onClick=${ask ?? (() => askCorrect(mentionId))}>Correct${!ask && html` <kbd>c</kbd>`}</button>`}</p>`;
}
