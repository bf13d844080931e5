// @ts-check
/** The context card: who this is, why you, why now, what to do. Each clause shows what it stands on. */
import { html, signal, useEffect, useState } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";
import { now } from "./clock.js";
import { nearTime, words } from "./format.js";
import { openTrail } from "./trail.js";

/** @typedef {import("./types.js").Card} Card */
/** @typedef {"who"|"why_you"|"why_now"|"what_to_do"} Part */
/** @typedef {{entry:string,op:string,at_ms:number,fields:string[]}} Backing */
/** @typedef {{part:Part,key:string,text:string,words:{text:string,data:boolean}[],at_ms:number,because:string,backing:Backing[]}} Clause */
/** @typedef {{task_id:string,mention_id:string,version:number,behind:boolean,sentence:string,short:string[],clauses:Clause[]}} Context */

const PARTS = /** @type {[Part, string][]} */ ([
  ["who", "Who"], ["why_you", "Why you"], ["why_now", "Why now"], ["what_to_do", "What to do"],
]);
/** Clauses of a part that are read at a glance: what the customer said stays in sight below. */
const SHOWN = matchMedia("(max-width: 899px)").matches ? 1 : 3;
const AGAIN_MS = 10_000; // what another system says later comes onto the card within that
const BEHIND_MS = 700; // the ledger is behind the screen by less
const MOST_BEHIND = 8;

/** What is known of each task, by its id. */
const contexts = signal(/** @type {Record<string, Context>} */ ({}));

/** Reads the context of a task, and again as time goes by. @param {Card} task @returns {Context|undefined} */
function useContext(task) {
  useEffect(() => {
    let over = false, timer = 0, behind = 0;
    const read = async () => {
      let waitMs = AGAIN_MS;
      try {
        if (!document.hidden) {
          const found = /** @type {Context} */ (await getJson(`/api/v1/tasks/${encodeURIComponent(task.task_id)}/context`));
          if (over) return;
          contexts.value = { [task.task_id]: found, ...other(task.task_id) };
          if (found.behind && behind++ < MOST_BEHIND) waitMs = BEHIND_MS;
        }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // the card says enough without it
      }
      if (!over) timer = setTimeout(read, waitMs);
    };
    void read();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [task.task_id, task.version]);
  return contexts.value[task.task_id];
}

/** The one or two others that are on the screen: nothing is kept for long. @param {string} id */
const other = (id) => Object.fromEntries(Object.entries(contexts.value).filter(([key]) => key !== id).slice(0, 3));

/** @param {Clause} clause */
const id = (clause) => `${clause.part} ${clause.key} ${clause.backing.map((one) => one.entry).join(" ")}`;

/** What entries say stands apart, so that no name turns the direction of our words. @param {{clause:Clause}} props */
function Said({ clause }) {
  const time = clause.at_ms > 0 ? ` ${nearTime(clause.at_ms, now.value)}` : "";
  return html`${clause.words.map((word) => (word.data ? html`<bdi>${word.text}</bdi>` : word.text))}${time}`;
}

/** Pointing shows a clause, pressing keeps it: the way to its entries may lead over others.
 * @typedef {{id:string,kept:boolean}} At
 * @param {{part:Part,title:string,clauses:Clause[],at:At,setAt:(at:At)=>void}} props */
function Clauses({ part, title, clauses, at, setAt }) {
  const [all, setAll] = useState(false);
  if (clauses.length === 0) return null;
  const shown = all ? clauses : clauses.slice(0, SHOWN);
  const isAt = (/** @type {Clause} */ clause) => id(clause) === at.id;
  const show = (/** @type {Clause} */ clause, kept = false) => setAt({ id: id(clause), kept });
  return html`<div class="context-part" data-part=${part} data-testid=${`context-${part}`}>
    <h3>${title}</h3>
    <ul>${shown.map((clause) => html`<li key=${id(clause)}><button type="button" class="clause" data-key=${clause.key}
      aria-describedby="context-backing" aria-pressed=${isAt(clause) && at.kept} data-on=${isAt(clause)}
      onFocus=${() => isAt(clause) || show(clause)} onMouseEnter=${() => at.kept || show(clause)}
      onClick=${() => show(clause, !(isAt(clause) && at.kept))}><${Said} clause=${clause} /></button></li>`)}
    ${clauses.length > SHOWN && html`<li><button type="button" class="clause more" aria-expanded=${all} data-testid=${`more-${part}`}
      onClick=${() => setAll(!all)}>${all ? "fewer" : `${clauses.length - SHOWN} more`}</button></li>`}</ul>
  </div>`;
}

/** The last names of the paths; the trail shows them whole. @param {string[]} fields */
const fieldNames = (fields) => [...new Set(fields.map((path) => path.replace(/^.*\./, "")))].join(", ");

/** @param {{one:Backing}} props */
const Entry = ({ one }) => html`<span class="context-entry" data-testid="context-entry" data-entry=${one.entry}>
  <b>${words(one.op)}</b>${one.at_ms > 0 && ` ${nearTime(one.at_ms, now.value)}`} <code>${fieldNames(one.fields)}</code></span>`;

/** @param {{clause:Clause|undefined,mentionId:string}} props */
function Backings({ clause, mentionId }) {
  return html`<div class="context-backing" data-testid="context-backing">
    <span id="context-backing">${clause
      ? html`<span class="muted">Stands on </span>${clause.backing.map((one) => html`<${Entry} key=${one.entry} one=${one} />`)}`
      : html`<span class="muted">Point at a part to see what it stands on.</span>`}</span>
    ${clause && html`<button type="button" class="link" data-testid="context-trail"
      onClick=${() => openTrail(mentionId, clause.backing)}>Show in the trail</button>`}
  </div>`;
}

/** The reasons of what is suggested, for whoever asks. @param {{clauses:Clause[]}} props */
function Reasons({ clauses }) {
  const found = clauses.filter((clause) => clause.because);
  if (found.length === 0) return null;
  return html`<details class="context-reasons" data-testid="context-reasons"><summary>Why do you suggest this?</summary>
    <ul>${found.map((clause) => html`<li key=${id(clause)}><bdi>${clause.text}</bdi><span class="muted" dir="auto">${clause.because}</span></li>`)}</ul>
  </details>`;
}

/** At the top of a task's card. @param {{task:Card}} props */
export function ContextCard({ task }) {
  const [at, setAt] = useState({ id: "", kept: false });
  const found = useContext(task);
  if (!found || found.clauses.length === 0) return null;
  return html`<section class="context" aria-label="Context" data-testid="context">
    <p class="sr-only" data-testid="context-sentence">${found.sentence}</p>
    ${PARTS.map(([part, title]) => html`<${Clauses} key=${part} part=${part} title=${title} at=${at} setAt=${setAt}
      clauses=${found.clauses.filter((clause) => clause.part === part)} />`)}
    <div class="context-foot"><${Backings} mentionId=${found.mention_id} clause=${found.clauses.find((clause) => id(clause) === at.id)} />
    <${Reasons} clauses=${found.clauses.filter((clause) => clause.part === "what_to_do")} /></div>
  </section>`;
}

/** In the offer: why you and why now; who it is and what to do stand there already. @param {{card:Card}} props */
export function ContextInShort({ card }) {
  const found = useContext(card);
  const short = found?.clauses.filter((clause) => found.short.includes(clause.key) && /^why/.test(clause.part)) ?? [];
  const firsts = short.filter((clause, i) => short.findIndex((one) => one.part === clause.part) === i);
  if (firsts.length === 0) return null;
  return html`<ul class="offer-context" data-testid="offer-context">${firsts.map((clause) => html`<li key=${id(clause)}>
    <span class="muted">${clause.part === "why_you" ? "You" : "Now"}</span> <${Said} clause=${clause} /></li>`)}</ul>`;
}
