// @ts-check
/** The lines of a timeline: who said or did what, when, on which channel, and how it ended. */
import { html } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { dateTime, words } from "./format.js";
import { askClose, canClose } from "./history-case.js";
import { ChannelIcon } from "./icon.js";

/**
 * @typedef {{status:string,queue:string,upshot:string,rep:string,feedback:string,cases:number,thread:string,position:string,known_as:string}} Matter
 * @typedef {{seq:number,fact_id:string,mention_id:string,handle_key:string,kind:string,channel:string,at_ms:number,by:string,
 *   text:string,cut:boolean,parts:[string,boolean][]|null,upshot:string,about:string,by_other:boolean,matter:Matter|null}} Line
 */

/** What a line tells, before and after the name of who did it. @type {Record<string,[string,string]>} */
const TOLD = {
  said: ["", "said"],
  edited: ["", "changed it to"],
  feedback: ["", "said to our response"],
  replied: ["", "responded"],
  completed: ["", "completed it"],
  cancelled: ["", "cancelled it"],
  closed: ["rule", "closed it"],
  handed_off: ["handed off to", ""],
  offline: ["", "wrote down"],
  sent: ["", "said by itself"],
  not_sent: ["what", "said was not sent"],
  case_opened: ["rule", "opened a case"],
  case_closed: ["", "closed the case"],
};
const OFFLINE = { phone: "a phone call", letter: "a letter", visit: "a visit", event: "an event", card: "a comment card" };
const OURS = new Set(["replied", "completed", "cancelled", "sent", "not_sent", "case_opened", "case_closed"]);

/** @param {string} key */
export const timelineOf = (key) => `/history?person=${encodeURIComponent(key)}`;

/** @param {string} thread */
const threadOf = (thread) => `/history?thread=${encodeURIComponent(thread)}`;

/** Where in a community it was said, and how we knew who said it. @param {{line:Line}} props */
function Post({ line }) {
  const { matter } = line;
  if (!matter || !["said", "edited", "feedback"].includes(line.kind)) return null;
  return html`
    ${matter.known_as && html`<span class="tag" data-testid="line-known-as">${matter.known_as}</span>`}
    ${line.by_other && html`<span class="tag" data-testid="line-by-other">answer of somebody else</span>`}
    ${matter.thread && html`<a class="tag plain" href=${threadOf(matter.thread)} data-testid="line-thread">${matter.position === "opening" ? "opens" : "answers in"} thread <bdi>${matter.thread}</bdi></a>`}`;
}

/** What was searched for stands out; never as markup. @param {{line:Line}} props */
function Said({ line }) {
  if (!line.text) return null;
  const said = line.parts
    ? line.parts.map(([piece, hit]) => (hit ? html`<mark>${piece}</mark>` : piece))
    : line.text;
  return html`<p class="line-text" dir="auto" data-testid="line-text">${said}${line.cut && !line.parts && html`<span class="muted"> … (cut)</span>`}</p>`;
}

/** How its mention stands now: once, beside what somebody said. @param {{line:Line}} props */
function Stands({ line }) {
  const { matter } = line;
  const told = matter !== null && ["said", "feedback"].includes(line.kind);
  if (!told) return line.upshot && html`<span class="tag" data-upshot=${line.upshot} data-testid="line-upshot">${words(line.upshot)}</span>`;
  return html`
    ${line.kind === "feedback" && html`<span class="tag" data-upshot=${line.upshot} data-testid="line-upshot">${words(line.upshot)}</span>`}
    <span class="tag plain" data-testid="line-status">${words(matter.status)}</span>
    ${matter.upshot && html`<span class="tag plain" data-testid="line-ended">${words(matter.upshot)}</span>`}
    ${matter.rep && html`<span class="tag plain">by <bdi>${matter.rep}</bdi></span>`}
    ${matter.feedback && html`<span class="tag" data-upshot=${matter.feedback} data-testid="line-feedback">Customer: ${matter.feedback}</span>`}`;
}

/** Of a case, by its id: was it closed, and what to do after somebody closes it here. @typedef {{closed:Set<string>,after:() => void}} Cases */

/** Its id, and a way to close it while it is open. Lines of older pages are not asked for again: the one that closed it counts. @param {{line:Line,cases:Cases}} props */
function Case({ line, cases }) {
  const open = line.kind === "case_opened" && (line.matter?.cases ?? 0) > 0 && !cases.closed.has(line.about);
  return html`<span class="tag plain" data-testid="line-case">Case <bdi>${line.about}</bdi></span>
    ${line.kind === "case_opened" && html`<span class="tag plain" data-testid="line-case-state">${open ? "Open" : "Closed"}</span>`}
    ${open && canClose && html`<button type="button" class="button small" data-testid="line-case-close" disabled=${readOnly.value}
      onClick=${() => askClose(line, cases.after)}>Close the case</button>`}`;
}

/** @param {{line:Line,alone:boolean,responses:Map<string,Line>,cases:Cases}} props */
function OneLine({ line, alone, responses, cases }) {
  const [before, after] = TOLD[line.kind] ?? ["", words(line.kind)];
  const what = line.kind === "offline" ? `${after} ${/** @type {any} */ (OFFLINE)[line.channel] ?? line.channel}` : after;
  const to = responses.get(line.about);
  return html`<li class="line" data-testid="line" data-kind=${line.kind} data-seq=${line.seq} data-ours=${OURS.has(line.kind)}>
    <span class="line-channel"><${ChannelIcon} channel=${line.channel} /></span>
    <div class="line-body">
      <p class="line-head"><span>${before && html`${before} `}<b><bdi>${line.by}</bdi></b> ${what}${to && html` <span class="muted">(of <bdi>${to.by}</bdi>, ${dateTime(new Date(to.at_ms).toISOString())})</span>`}</span>
        ${(!alone || line.by_other) && line.handle_key && html`<a href=${timelineOf(line.handle_key)} data-testid="line-person"><bdi>${line.handle_key}</bdi></a>`}
        <span class="spring"></span><time class="muted num" datetime=${new Date(line.at_ms).toISOString()}>${dateTime(new Date(line.at_ms).toISOString())}</time></p>
      <${Said} line=${line} />
      <p class="tags">${line.kind.startsWith("case_") ? html`<${Case} line=${line} cases=${cases} />` : html`<${Post} line=${line} /><${Stands} line=${line} />`}</p>
    </div></li>`;
}

/** @param {{lines:Line[],alone:boolean,after:() => void}} props `after` somebody changed something here */
export function Lines({ lines, alone, after }) {
  const responses = new Map(lines.filter((line) => line.kind === "replied").map((line) => [line.fact_id, line]));
  const closed = new Set(lines.filter((line) => line.kind === "case_closed").map((line) => line.about));
  return html`<ol class="lines" data-testid="lines">${lines.map((line) => html`<${OneLine} key=${line.seq} line=${line} alone=${alone} responses=${responses} cases=${{ closed, after }} />`)}</ol>`;
}
