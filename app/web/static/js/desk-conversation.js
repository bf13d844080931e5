// @ts-check
/** One task: what the customer said, what we read in it, the reply and the end. */
import { html, useEffect, useRef, useState } from "../vendor/vendor.js";
import { busy, complete, failures, reply } from "./actions.js";
import { readOnly } from "./api.js";
import { Corrections } from "./correct.js";
import { ContextCard } from "./desk-context.js";
import { askFlight, follows, TaskFlights } from "./desk-flights.js";
import { Clocks, lostBeforeUs, Notes } from "./desk-notes.js";
import { BeforeReply, ReplyState } from "./desk-sending.js";
import { readDraft, writeDraft } from "./drafts.js";
import { clockTime, dateTime, duration, words } from "./format.js";
import { ChannelIcon, Icon } from "./icon.js";
import { askPark, askTransfer, wrapUp } from "./moves.js";
import { customerName } from "./names.js";
import { ScorePanel } from "./score.js";
import { SlaChip } from "./sla.js";
import { drawerOpen, pane } from "./store.js";
import { RulesSince } from "./task-rules.js";

/** @typedef {import("./types.js").Card} Card */

const CODES = ["resolved", "no_answer_needed", "duplicate", "passed_on"];

/** Only what a browser may open; a customer's link is any string. @param {string|undefined} url */
function safeUrl(url) {
  try {
    const parsed = new URL(url ?? "");
    return /^https?:$/.test(parsed.protocol) ? parsed.href : "";
  } catch {
    return "";
  }
}

/** @param {{task:Card}} props */
function Head({ task }) {
  return html`<header class="pane-head conversation-head">
    <button class="icon-button back" type="button" aria-label="Back to my tasks"
      onClick=${() => history.state?.task ? history.back() : (pane.value = "list")}>
      <${Icon} name="arrow-left" /></button>
    <${ChannelIcon} channel=${task.mention.channel} />
    <h2 id="conversation-name" tabindex="-1" class="ellipsis" dir="auto">${customerName(task)}</h2>
    ${task.level > 0 && html`<span class="tag escalated">Escalated</span>`}
    <span class="spring"></span>
    <span class="tag queue-tag">${task.queue_title}</span>
    <${SlaChip} task=${task} long />
    <button class="icon-button drawer-open" type="button" aria-label="Customer panel" title="Customer (i)"
      onClick=${() => (drawerOpen.value = !drawerOpen.value)}><${Icon} name="user" /></button>
  </header>`;
}

/** What can be done beside answering, and the clocks that run. @param {{task:Card}} props */
function Tools({ task }) {
  const still = busy.value.has(task.task_id) || readOnly.value;
  const accepted = task.state === "accepted";
  return html`<div class="task-tools" role="group" aria-label="The task">
    <button type="button" class="button small" data-testid="task-transfer" disabled=${still}
      onClick=${() => askTransfer(task)}><${Icon} name="user" />Hand on <kbd>t</kbd></button>
    <button type="button" class="button small" data-testid="task-park" disabled=${still || !accepted}
      onClick=${() => askPark(task)}><${Icon} name="pause" />Park <kbd>s</kbd></button>
    <button type="button" class="button small" data-testid="task-wrap" disabled=${still || !accepted}
      onClick=${() => wrapUp(task)}><${Icon} name="clipboard-list" />Wrap up <kbd>w</kbd></button>
    ${follows.value > 0 && html`<button type="button" class="button small" data-testid="task-flight" disabled=${still}
      onClick=${() => askFlight(task)}><${Icon} name="send" />Flight <kbd>f</kbd></button>`}
    <span class="spring"></span>
    <${Clocks} task=${task} />
  </div>`;
}

/** @param {{task:Card}} props */
function MentionBubble({ task }) {
  const { mention } = task;
  const lang = mention.lang || task.score?.lang || undefined;
  const url = safeUrl(mention.url);
  const late = lostBeforeUs(task);
  return html`<article class="bubble theirs">
    <p dir="auto" lang=${lang} data-testid="task-text">${mention.text}</p>
    <footer class="muted">
      <span>${words(mention.channel)}</span>
      ${dateTime(mention.posted_at) && html`<span>${dateTime(mention.posted_at)}</span>`}
      ${late > 0 && html`<span>reached us ${duration(late)} later</span>`}
      ${mention.flags?.map((flag) => html`<span class="tag plain">${words(flag)}</span>`)}
      ${url && html`<a href=${url} target="_blank" rel="noopener noreferrer">open
        <${Icon} name="external-link" /></a>`}
    </footer>
  </article>`;
}

/** @param {{task:Card}} props */
function ReplyBubble({ task }) {
  if (!task.reply) return null;
  // the stream may tell of it before the answer comes; until then nothing else can be done
  const sent = !task.pending && !busy.value.has(task.task_id);
  return html`<article class="bubble ours" data-testid=${sent ? "reply-sent" : "reply-pending"}>
    <p dir="auto">${task.reply.text}</p>
    <footer>${sent ? `Recorded ${clockTime(task.reply.at_ms)}` : "Sending…"}
      ${sent && html`<${ReplyState} task=${task} />`}</footer>
  </article>`;
}

/** @param {{task:Card}} props */
function Problem({ task }) {
  const failure = failures.value[task.task_id];
  if (!failure) return null;
  return html`<p class="problem" role="alert" data-testid="task-problem">
    <${Icon} name="triangle-alert" /><span>${failure.text}</span>
    ${failure.retry && html`<button class="button small" type="button" disabled=${readOnly.value} onClick=${failure.retry}>Retry</button>`}
  </p>`;
}

/** A proposal is never sent by itself: it stands in the field, to be read and changed.
 * @param {Card} task @param {(text:string)=>void} setText */
function useDraft(task, setText) {
  setText(task.advice?.draft ?? "");
  document.getElementById("reply")?.focus();
}

/** @param {{task:Card,text:string,setText:(text:string)=>void}} props */
function Composer({ task, text, setText }) {
  const name = customerName(task);
  const wanted = task.profile?.known ? task.profile.preferred_channel : "";
  return html`<div class="composer-field">
    <label class="composer-label" for="reply">Reply to <bdi>${name}</bdi>
      ${wanted && html`<span class="tag">prefers ${words(wanted).toLowerCase()}</span>`}
    </label>
    <${BeforeReply} task=${task} />
    ${task.advice?.draft && !text && html`<p class="proposed" data-testid="proposed-reply">
      <span class="muted">Proposed by a rule:</span> <bdi>${task.advice.draft}</bdi>
      <button type="button" class="button small" data-testid="use-draft"
        onClick=${() => useDraft(task, setText)}>Use it</button></p>`}
    <textarea id="reply" data-testid="task-reply" rows="3" dir="auto" value=${text}
      placeholder="Write your reply…" onInput=${(/** @type {any} */ event) => setText(event.target.value)}
    ></textarea>
  </div>`;
}

/** @param {{task:Card,hasDraft:boolean}} props */
function Completion({ task, hasDraft }) {
  const [code, setCode] = useState("");
  const [sure, setSure] = useState(false);
  const chosen = code || (task.reply ? "resolved" : "no_answer_needed");
  const finish = () => (hasDraft && !sure ? setSure(true) : complete(task, chosen));
  return html`<div class="completion" role="group" aria-label="Complete the task">
    <select data-testid="complete-code" aria-label="Outcome" value=${chosen}
      onChange=${(/** @type {any} */ event) => setCode(event.target.value)}>
      ${CODES.map((each) => html`<option value=${each} selected=${each === chosen}>${words(each)}</option>`)}
    </select>
    <button type="button" class=${`button ${task.reply ? "primary" : ""}`} data-testid="task-complete"
      disabled=${busy.value.has(task.task_id) || readOnly.value} onClick=${finish}>
      <${Icon} name="check" />${hasDraft && sure ? "Complete without sending?" : "Complete"}
    </button>
  </div>`;
}

/** After the conversation: say how it ended, before the time does. @param {{task:Card}} props */
function WrapUp({ task }) {
  const still = busy.value.has(task.task_id) || readOnly.value;
  return html`<footer class="composer" data-testid="wrap-up">
    <${Problem} task=${task} />
    <p class="composer-label">How did it end?
      <span class="muted">When the wrap-up time is over, it is completed by itself.</span></p>
    <div class="composer-actions" role="group" aria-label="Complete the task">
      ${CODES.map((code) => html`<button type="button" class="button" key=${code} data-testid=${`wrap-${code}`}
        disabled=${still} onClick=${() => complete(task, code)}>${words(code)}</button>`)}
    </div>
  </footer>`;
}

/** @param {{task:Card}} props */
function Footer({ task }) {
  const id = task.task_id;
  const [text, setLocal] = useState(() => readDraft(id));
  const setText = (/** @type {string} */ value) => (setLocal(value), writeDraft(id, value));
  const waiting = busy.value.has(id);
  const send = () => {
    const body = text.trim();
    if (!body || waiting || readOnly.value) return;
    setLocal("");
    reply(task, body, () => setText(text));
  };
  return html`<footer class="composer">
    <${Problem} task=${task} />
    ${!task.reply && html`<${Composer} task=${task} text=${text} setText=${setText} />`}
    <div class="composer-actions">
      ${!task.reply && html`<button type="button" class="button primary" data-testid="task-send"
        disabled=${!text.trim() || waiting || readOnly.value} onClick=${send}>
        <${Icon} name="send" />Send <kbd>Ctrl ⏎</kbd></button>`}
      ${task.reply && html`<span class="muted answered">Answered. Complete it when nothing is left to do.</span>`}
      <span class="spring"></span>
      <${Completion} task=${task} hasDraft=${!task.reply && text.trim() !== ""} />
    </div>
  </footer>`;
}

/** @param {{task:Card|null}} props */
export function Conversation({ task }) {
  const body = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => body.current?.scrollTo(0, 0), [task?.task_id]);
  if (!task) {
    return html`<main class="conversation blank" id="main">
      <${Icon} name="message-square" /><p class="muted">The task that you open is shown here.</p>
    </main>`;
  }
  return html`<main class="conversation" id="main" data-testid="conversation" data-task-id=${task.task_id}>
    <${Head} task=${task} />
    <${Tools} task=${task} />
    <div class="messages" ref=${body} tabindex="0" role="region" aria-label="Conversation">
      <${ContextCard} key=${`context ${task.task_id}`} task=${task} />
      <${Notes} task=${task} />
      <${TaskFlights} task=${task} />
      <${RulesSince} key=${task.task_id} task=${task} />
      <${MentionBubble} task=${task} />
      ${task.score && html`<${ScorePanel} score=${task.score} lang=${task.mention.lang} />
        <${Corrections} key=${`corrections ${task.mention_id}`} mentionId=${task.mention_id} />`}
      <${ReplyBubble} task=${task} />
    </div>
    ${task.state === "wrapping"
      ? html`<${WrapUp} task=${task} />`
      : html`<${Footer} key=${task.task_id} task=${task} />`}
  </main>`;
}
