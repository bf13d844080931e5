// @ts-check
/** The customers' page: what was said on both sides, and a box to write in. */
import { html, render, useEffect, useRef, useState } from "../vendor/vendor.js";
import { feed, joined, keep, kept, lines, problem, send, sending, standing } from "./chat-store.js";
import { count, nearTime } from "./format.js";
import { Icon } from "./icon.js";

const root = /** @type {HTMLElement} */ (document.getElementById("chat"));
const TEXT_CHARS = Number(root.dataset.textChars);
const KEEP_DAYS = Number(root.dataset.keepDays);
const TITLE = document.title;
/** On a phone Enter begins a new line: its keyboard has no Shift+Enter. */
const typed = !matchMedia("(pointer: coarse)").matches;

/** Only what is known: nobody can say how long it will take. */
const STANDING = /** @type {Record<string, string>} */ ({
  waiting: "We have what you wrote. A person will answer here.",
  read: "Somebody is looking after it.",
  answered: "You have an answer. You can go on writing.",
  stopped: "You asked us to stop: we do not write to you any more. Write START to hear from us again.",
  closed: "This conversation is closed. Write again whenever you like.",
});

/** Who said it; what no person wrote says so. */
const WHO = { customer: "Sent", agent: "Agent", automatic: "Automatic answer" };

/** @param {{line:import("./chat-store.js").Line}} props */
const Said = ({ line }) => html`<article class="chat-line" data-side=${line.side} data-testid=${`chat-${line.side}`}>
  <span class="sr-only">${line.side === "customer" ? "You wrote:" : "Answer:"}</span>
  <p dir="auto">${line.text}</p>
  <footer>${WHO[line.side]} · ${nearTime(line.at_ms, Date.now())}</footer>
</article>`;

function Log() {
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  const length = lines.value.length + (sending.value ? 1 : 0);
  useEffect(() => ref.current?.scrollTo(0, ref.current.scrollHeight), [length]);
  return html`<div class="chat-log" role="log" aria-label="Conversation" tabindex="0" ref=${ref} data-testid="chat-log">
    ${feed.loaded.value && !length && html`<p class="chat-note" data-testid="chat-empty">
      Write to us below. A person reads it, and the answer comes here, on this page.</p>`}
    ${lines.value.map((line) => html`<${Said} key=${line.id} line=${line} />`)}
    ${sending.value && html`<article class="chat-line" data-side="customer" data-testid="chat-sending">
      <span class="sr-only">You wrote:</span><p dir="auto">${sending.value}</p><footer>Sending…</footer>
    </article>`}
  </div>`;
}

/** @param {{name:string,setName:(name:string)=>void}} props */
const Name = ({ name, setName }) => html`<div class="chat-name">
  <label for="chat-name">Your name <span class="muted">(if you like)</span></label>
  <input id="chat-name" data-testid="chat-name" autocomplete="name" maxlength=${root.dataset.nameChars} value=${name}
    onInput=${(/** @type {any} */ event) => setName(event.target.value)} />
</div>`;

/** A field whose text survives a reload. @param {string} what @param {string} [first] */
function useKept(what, first = "") {
  const [text, setText] = useState(() => joined(first, kept(what)));
  const set = (/** @type {string} */ value) => (setText(value), keep(what, value));
  return /** @type {const} */ ([text, set]);
}

/** @param {{length:number}} props */
const Hint = ({ length }) => length > TEXT_CHARS
  ? html`<span class="muted too-long" role="status" data-testid="chat-too-long">
      ${count(length)} of at most ${count(TEXT_CHARS)} characters: please send it in parts.</span>`
  : html`<span class="muted">${typed && "Enter sends it, Shift+Enter begins a new line. "}This browser shows
      the conversation for ${KEEP_DAYS} days.</span>`;

function Box() {
  const [text, setText] = useKept("text", kept("sending")); // what was under way is not lost by a reload
  const [name, setName] = useKept("name");
  const field = useRef(/** @type {HTMLTextAreaElement|null} */ (null));
  const ready = text.trim() !== "" && text.trim().length <= TEXT_CHARS && !sending.value;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!ready) return;
    setText("");
    field.current?.focus();
    // back into the box, before whatever was begun meanwhile
    if (!(await send(text.trim(), name.trim()))) setText(joined(text, kept("text")));
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) =>
    typed && event.key === "Enter" && !event.shiftKey && !event.isComposing && submit(event);
  return html`<form class="chat-box" onSubmit=${submit}>
    ${problem.value && html`<p class="problem" role="alert" data-testid="chat-problem">
      <${Icon} name="triangle-alert" /><span>${problem.value}</span></p>`}
    ${!lines.value.length && html`<${Name} name=${name} setName=${setName} />`}
    <label for="chat-text">Your message</label>
    <textarea id="chat-text" data-testid="chat-text" rows="3" dir="auto" ref=${field} value=${text}
      aria-invalid=${text.trim().length > TEXT_CHARS} onKeyDown=${onKeyDown}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea>
    <div class="chat-actions"><${Hint} length=${text.trim().length} />
      <button class="button primary" type="submit" data-testid="chat-send" disabled=${!ready}>
        <${Icon} name="send" />Send</button></div>
  </form>`;
}

/** An answer that came while the page was not looked at shows in its title. */
function useTitle() {
  const answers = lines.value.filter((line) => line.side !== "customer").length;
  const seen = useRef(answers);
  useEffect(() => {
    const look = () => {
      if (!document.hidden || !feed.loaded.value) seen.current = answers;
      const fresh = answers - seen.current;
      document.title = fresh > 0 ? `(${fresh}) ${TITLE}` : TITLE;
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [answers]);
}

function Page() {
  useTitle();
  const cut = feed.connection !== "live";
  return html`<main id="main" tabindex="-1" data-testid="chat" data-standing=${standing.value}>
    <header class="chat-head"><span class="brand-mark"><${Icon} name="message-circle" /></span>
      <div><h1>Write to us</h1><p>A person will answer.</p></div></header>
    <div role="status">${cut && html`<p class="chat-reconnecting" data-testid="chat-reconnecting">
      No connection just now; trying again. What you see may be out of date.</p>`}</div>
    ${!navigator.cookieEnabled && html`<p class="chat-reconnecting" data-testid="chat-no-cookies">
      To write to us here, please allow cookies: one keeps your conversation yours.</p>`}
    <${Log} />
    <p class="chat-standing" role="status" data-testid="chat-standing">${STANDING[standing.value] ?? ""}</p>
    <${Box} />
  </main>`;
}

root.replaceChildren();
render(html`<${Page} />`, root);
feed.start();
