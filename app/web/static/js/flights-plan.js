// @ts-check
/** The plan in the form: what is typed, what is sent, and what became of it when others changed it too. */

/** @typedef {import("./flights-types.js").Flight} Flight */
/** A step in the form; `key` names it on the screen alone, `who` is "", or as "rep:ben".
 * @typedef {{key:number,id:number,what:string,who:string,done:boolean}} TypedStep */
/** @typedef {{name:string,words:string,kind:string,minutes:string,until:string,say:string,labels:string[],
 *   back:string,steps:TypedStep[],reps:string[],queues:string[]}} Typed */

let keys = 0;

/** @returns {TypedStep} */
export const newStep = () => ({ key: (keys += 1), id: 0, what: "", who: "", done: false });

/** A moment as a field of the browser has it, in local time. @param {number} ms */
function local(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {import("./flights-types.js").StepWho|null} who */
const whoText = (who) => (who ? Object.entries(who).map(([kind, name]) => `${kind}:${name}`)[0] : "");

/** @param {Flight|null} of @returns {Typed} */
export function typedOf(of) {
  if (!of) {
    return { name: "", words: "", kind: "quiet", minutes: "30", until: "", say: "", labels: [], back: "0", steps: [newStep()], reps: [], queues: [] };
  }
  return {
    name: of.name, words: of.goal.words, kind: of.goal.kind, say: of.say, labels: of.labels, back: "",
    minutes: String(of.goal.minutes || 30), until: of.goal.until_ms ? local(of.goal.until_ms) : "",
    steps: of.steps.map((step) => ({ key: (keys += 1), id: step.id, what: step.what, who: whoText(step.who), done: step.done !== null })),
    reps: of.group.reps, queues: of.group.queues,
  };
}

/** @param {Typed} typed @param {number} now */
export function bodyOf(typed, now) {
  const goal = { words: typed.words, kind: typed.kind };
  if (typed.kind === "quiet") Object.assign(goal, { minutes: Number(typed.minutes) });
  if (typed.kind === "time") Object.assign(goal, { until: typed.until ? new Date(typed.until).toISOString() : "" });
  const back = Number(typed.back);
  return {
    name: typed.name, say: typed.say, labels: typed.labels, goal,
    ...(back > 0 ? { since: new Date(now - back * 60_000).toISOString() } : {}),
    steps: typed.steps.filter((step) => step.what.trim() || step.id).map((step) => {
      const [kind, ...name] = step.who.split(":");
      return { ...(step.id ? { id: step.id } : {}), what: step.what, ...(step.who ? { who: { [kind]: name.join(":") } } : {}) };
    }),
    group: { reps: typed.reps, queues: typed.queues },
  };
}

/** What is compared of a field: the keys of the screen and the ticks are no change of the plan.
 * @param {any} value */
const plain = (value) => JSON.stringify(value, (name, each) => (name === "key" || name === "done" ? undefined : each));

/**
 * Mine on top of theirs: what I did not touch is as they left it; what both changed stays mine, and is named.
 * @param {Typed} base @param {Typed} mine @param {Typed} theirs
 * @returns {{typed:Typed,both:string[]}}
 */
export function merged(base, mine, theirs) {
  const typed = /** @type {any} */ ({ ...theirs });
  const both = [];
  for (const name of /** @type {(keyof Typed)[]} */ (Object.keys(mine))) {
    if (plain(mine[name]) === plain(base[name])) continue;
    typed[name] = mine[name];
    if (plain(theirs[name]) !== plain(base[name])) both.push(name);
  }
  typed.steps = together(base.steps, typed.steps, theirs.steps);
  return { typed, both };
}

/** My route with what others did and added to theirs. @param {TypedStep[]} base @param {TypedStep[]} mine @param {TypedStep[]} theirs */
function together(base, mine, theirs) {
  const done = new Map(theirs.filter((step) => step.done).map((step) => [step.id, step]));
  const known = new Set([...base, ...mine].map((step) => step.id));
  const kept = mine.map((step) => done.get(step.id) ?? { ...step, done: false });
  const lost = theirs.filter((step) => !known.has(step.id) || (step.done && !mine.some((one) => one.id === step.id)));
  return [...kept, ...lost];
}
