// @ts-check
/** What every live page has around it: connection, theme, key sheet, notices, signed-out dialog. */
import { html, signal, useLayoutEffect, useRef, useState } from "../vendor/vendor.js";
import { readOnly, signedOut } from "./api.js";
import { clockTime, plural } from "./format.js";
import { Icon } from "./icon.js";
import { lettersOn, setLetters } from "./keys.js";
import { setSound, soundOn } from "./sound.js";
import { Shape } from "./sla.js";
import { nextTheme, theme } from "./theme.js";

/** @typedef {import("./feed.js").Feed<any>} Feed */

export const keySheetOpen = signal(false);
const WORDS = { live: "Live", reconnecting: "Reconnecting", stale: "No connection" };
const SHAPES = /** @type {const} */ ({ live: "ok", reconnecting: "at_risk", stale: "late" });
const THEMES = /** @type {const} */ ({
  auto: ["monitor", "as the system has it"],
  light: ["sun", "light"],
  dark: ["moon", "dark"],
});

/** @param {{feed:Feed}} props */
export function ConnectionChip({ feed }) {
  const state = feed.connection;
  return html`<span class="chip connection" data-testid="connection" data-status=${state} role="status">
    <${Shape} name=${SHAPES[state]} /><span class="connection-word">${WORDS[state]}</span>
  </span>`;
}

/** A cut of more than ten seconds gets a bar; coming back is told too. @param {{feed:Feed}} props */
export function ConnectionBar({ feed }) {
  if (feed.connection === "stale") {
    return html`<div class="bar bar-stale" role="alert" data-testid="connection-bar">
      <${Icon} name="triangle-alert" />
      <span>No connection. Showing data from ${clockTime(feed.heardAt.value)}; trying again…</span>
    </div>`;
  }
  if (feed.caughtUp.value === null) return null;
  // after a fresh snapshot nothing was replayed, so there is nothing to count
  const changes = feed.caughtUp.value > 0 ? `, ${plural(feed.caughtUp.value, "change")}` : "";
  return html`<div class="bar bar-good" role="status" data-testid="connection-bar">
    <${Icon} name="check" /><span>Caught up${changes}.</span>
  </div>`;
}

/** Nothing can be changed: everybody must see why their buttons do nothing. @param {{feed:Feed}} props */
export function ReadOnlyBar({ feed }) {
  if (!readOnly.value) return null;
  return html`<div class="bar bar-stale" role="alert" data-testid="read-only">
    <${Icon} name="triangle-alert" />
    <span><strong>Read-only.</strong> Tasks cannot be changed just now. You see what was known at
      ${" "}${clockTime(feed.heardAt.value)}; this page goes on by itself.</span>
  </div>`;
}

export function ThemeButton() {
  const [current, setCurrent] = useState(theme());
  const [icon, label] = THEMES[current];
  return html`<button class="icon-button" type="button" title=${`Theme: ${label}`}
    aria-label=${`Theme: ${label}. Switch theme`} data-testid="theme"
    onClick=${() => setCurrent(nextTheme())}><${Icon} name=${icon} /></button>`;
}

export function SoundButton() {
  const on = soundOn.value;
  return html`<button class="icon-button" type="button" aria-pressed=${on} data-testid="sound"
    title=${on ? "Sound for offers is on" : "Sound for offers is off"} aria-label="Sound for offers"
    onClick=${() => setSound(!on)}><${Icon} name=${on ? "volume-2" : "volume-x"} /></button>`;
}

export const KeysButton = () => html`
  <button class="icon-button keys-button" type="button" title="Keyboard shortcuts (?)" data-testid="keys"
    aria-label="Keyboard shortcuts" onClick=${() => (keySheetOpen.value = true)}>
    <${Icon} name="keyboard" />
  </button>
`;

/**
 * A modal dialog; focus goes back to where it was when it closes.
 * @param {{open:boolean,onClose?:()=>void,label:string,children?:any}} props
 */
export function Dialog({ open, onClose, label, children }) {
  const ref = useRef(/** @type {HTMLDialogElement|null} */ (null));
  useLayoutEffect(() => {
    if (open && !ref.current?.open) ref.current?.showModal();
    if (!open) ref.current?.close();
  }, [open]);
  function leave(/** @type {Event} */ event) {
    event.preventDefault();
    if (!onClose) return;
    ref.current?.close(); // at once: the next key may already ask for another dialog
    onClose();
  }
  const key = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !event.isComposing && leave(event);
  // told after the fact, when the next question may already stand here
  const closed = () => ref.current?.open || onClose?.();
  return html`<dialog ref=${ref} class="dialog" aria-label=${label} onKeyDown=${key} onCancel=${leave} onClose=${closed}>
    ${open && children}
  </dialog>`;
}

/** @param {string} keys */
const keyCaps = (keys) => keys.split(/[ +]/).map((key) => html`<kbd>${key}</kbd>`);

/** @param {{bindings:import("./keys.js").Binding[]}} props */
export function KeySheet({ bindings }) {
  const close = () => (keySheetOpen.value = false);
  const shown = bindings.filter((binding) => !binding.hidden);
  return html`<${Dialog} open=${keySheetOpen.value} onClose=${close} label="Keyboard shortcuts">
    <div class="dialog-head">
      <h2>Keyboard</h2>
      <button class="icon-button" type="button" aria-label="Close" onClick=${close}><${Icon} name="x" /></button>
    </div>
    <dl class="keys" data-testid="key-sheet">
      ${shown.map((binding) => html`<div><dt>${keyCaps(binding.keys)}</dt><dd>${binding.label}</dd></div>`)}
    </dl>
    <label class="check">
      <input type="checkbox" checked=${lettersOn.value} onChange=${() => setLetters(!lettersOn.value)} />
      Single-letter keys
    </label>
  <//>`;
}

export const SignedOut = () => html`
  <${Dialog} open=${signedOut.value} label="Signed out">
    <h2>You are signed out</h2>
    <p>Your session ended. Drafts are kept in this browser; sign in to go on where you were.</p>
    <a class="button primary" href="/login" data-testid="sign-in-again">Sign in</a>
  <//>
`;

/**
 * @param {{notices:import("./notices.js").Notice[],dismiss:(id:number)=>void}} props
 */
export function Notices({ notices, dismiss }) {
  return html`<div class="notices" aria-live="polite">
    ${notices.map((notice) => html`
      <div class="notice" key=${notice.id} data-kind=${notice.kind} data-testid="notice">
        <span class="notice-text">${notice.text}</span>
        ${notice.retry && html`<button class="button small" type="button"
          onClick=${() => (dismiss(notice.id), notice.retry?.())}>${notice.label}</button>`}
        <button class="icon-button small" type="button" aria-label="Dismiss"
          onClick=${() => dismiss(notice.id)}><${Icon} name="x" /></button>
      </div>`)}
  </div>`;
}

/** The page cannot be shown at all, and why. @param {{feed:Feed}} props */
export function PageProblem({ feed }) {
  return html`<section class="page-problem" role="alert" id="main">
    <h2>This page is not open to you</h2><p>${feed.fatal.value?.message}</p>
  </section>`;
}
