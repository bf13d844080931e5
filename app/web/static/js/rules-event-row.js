// @ts-check
/** An event rule between the form that people fill in and the rule that a file says. */

/** @typedef {import("./rules-types.js").Row} Row */
/** One action: `to` is whom a notice is for, or the purpose of a reply; `raw` is what the form does not know, kept as it is.
 * @typedef {{kind:string,text:string,to:string,raw?:any}} Act */
/** @typedef {{on:string,after:string,level:string,customers:string,rep:string,tier:string,acts:Act[]}} EventValues */

export const EVENTS = /** @type {[string, string][]} */ ([
  ["mention", "A mention comes in"], ["waiting", "A task has waited"], ["at_risk", "A task is at risk"],
  ["breached", "A task is late"], ["replied", "Somebody has replied"], ["transferred", "A task was handed on"],
  ["completed", "A task is completed"],
]);

export const ACTS = /** @type {[string, string][]} */ ([
  ["queue", "To queue"], ["close", "Close without a task"], ["escalate", "Escalate to the mediator"],
  ["priority", "Priority"], ["window", "Window"], ["skills", "Skills"], ["label", "Label"], ["notify", "Notify"],
  ["hand_off", "Hand off to partner"], ["draft", "Propose a reply"], ["reply", "Reply by itself"], ["macro", "Propose a macro"], ["case", "Open a case"],
]);

/** Actions of two keys: a text, and beside it what stands in `to`. @type {Record<string, string>} */
const BESIDE = { notify: "to", reply: "purpose" };
/** Actions that say yes, and nothing more. */
export const FLAGS = ["close", "escalate"];
const KNOWN = ACTS.map(([kind]) => kind);

/** @param {any} value */
const text = (value) => (value === undefined || value === null ? "" : String(value));
/** @param {any} value */
const list = (value) => (Array.isArray(value) ? value.join(", ") : text(value));
/** @param {string} typed */
const parts = (typed) => typed.split(",").map((one) => one.trim()).filter(Boolean);
/** @param {string} typed */
const numeric = (typed) => (/^\d+$/.test(typed) ? Number(typed) : typed);

/** @param {any} action @returns {Act} */
function actOf(action) {
  const keys = action && typeof action === "object" ? Object.keys(action) : [];
  const [kind] = keys;
  if (keys.length !== 1 || !KNOWN.includes(kind)) return { kind: "", text: JSON.stringify(action), to: "", raw: action };
  const value = action[kind];
  const beside = BESIDE[kind];
  if (!beside) return { kind, text: FLAGS.includes(kind) ? "" : list(value), to: "" };
  const plain = value && typeof value === "object" && Object.keys(value).every((key) => key === beside || key === "text");
  return plain ? { kind, text: text(value.text), to: text(value[beside]) } : { kind: "", text: JSON.stringify(action), to: "", raw: action };
}

/** @param {Act} act @returns {any} */
function actionOf(act) {
  const typed = act.text.trim();
  if (act.kind === "") return act.raw;
  if (FLAGS.includes(act.kind)) return { [act.kind]: true };
  if (act.kind === "notify") return { notify: { to: act.to.trim(), text: typed } };
  if (act.kind === "reply") return { reply: { text: typed, ...(act.to.trim() && { purpose: act.to.trim() }) } };
  if (act.kind === "skills") return { skills: parts(typed) };
  return { [act.kind]: act.kind === "priority" ? numeric(typed) : typed };
}

/** @param {Row|null} row @returns {EventValues} */
export function eventValuesOf(row) {
  const whom = row?.for && typeof row.for === "object" ? row.for : {};
  return {
    on: text(row?.on) || "mention",
    after: text(row?.after),
    level: text(row?.level),
    customers: Array.isArray(whom.customers) ? whom.customers.join("\n") : text(whom.customers),
    rep: text(whom.rep),
    tier: text(whom.tier),
    acts: Array.isArray(row?.do) ? row.do.map(actOf) : [],
  };
}

/** What the form says of an event rule; keys that it does not know stay.
 * @param {Row} old @param {EventValues} values @returns {Record<string, any>} */
export function eventFieldsOf(old, values) {
  const { on: _on, after: _after, level: _level, for: whom, do: _do, ...rest } = old;
  const others = Object.fromEntries(Object.entries(whom ?? {}).filter(([key]) => !["customers", "rep", "tier"].includes(key)));
  const customers = values.customers.split("\n").map((one) => one.trim()).filter(Boolean); // a name may have a comma
  const fits = {
    ...(customers.length > 0 && { customers }),
    ...(values.rep.trim() && { rep: values.rep.trim() }),
    ...(values.tier.trim() && { tier: values.tier.trim() }),
    ...others,
  };
  return {
    ...rest,
    on: values.on,
    ...(values.after.trim() && { after: values.after.trim() }),
    ...(Object.keys(fits).length > 0 && { for: fits }),
    ...(values.level.trim() && { level: numeric(values.level.trim()) }),
    do: values.acts.map(actionOf),
  };
}

/** What an event rule does, in words for the table. @param {Row} row @param {(name:string)=>string} title */
export function eventParts(row, title) {
  const { on, after, level, customers, rep, tier, acts } = eventValuesOf(row);
  const of = (/** @type {string} */ kind) => acts.find((act) => act.kind === kind);
  const to = of("close") ? "Close" : of("escalate") ? "Escalate" : of("queue") ? title(of("queue")?.text ?? "") : "";
  const said = acts.filter((act) => !["queue", ...FLAGS].includes(act.kind))
    .map((act) => (BESIDE[act.kind] ? `${act.kind} ${act.to}: ${act.text}` : `${act.kind.replace("_", " ")} ${act.text}`.trim()));
  return {
    to,
    more: [
      on !== "mention" && `when ${on.replace("_", " ")}${after ? ` ${after}` : ""}`,
      customers && `for ${customers.replaceAll("\n", "; ")}`, rep && `for customers of ${rep}`, tier && `for tier ${tier}`,
      level && `level ${level}`, ...said,
    ].filter(Boolean),
  };
}
