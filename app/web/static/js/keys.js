// @ts-check
/** Keyboard: chords anywhere, single letters only while nobody types. */
import { signal } from "../vendor/vendor.js";

const SEQUENCE_MS = 1_000; // `g` then `d`: longer apart and they are two keys
const STORE = "hs.letters";

/** @typedef {{keys:string,label:string,run:()=>void,hidden?:boolean}} Binding */

/** Single letters can be turned off (WCAG 2.1.4): some people dictate, some slip. */
export const lettersOn = signal(localStorage.getItem(STORE) !== "off");

/** @param {boolean} on */
export function setLetters(on) {
  lettersOn.value = on;
  localStorage.setItem(STORE, on ? "on" : "off");
}

/** @param {EventTarget|null} target */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** `Alt+A`, `Ctrl+Enter`, `j`, `?`. @param {KeyboardEvent} event */
function chord(event) {
  // with Alt a Mac types another sign, so there the place of the key counts
  if (event.altKey && event.code.startsWith("Key")) return `Alt+${event.code.slice(3)}`;
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.key}`;
  return event.altKey ? `Alt+${event.key}` : event.key;
}

/** @param {string} name */
const isChord = (name) => name.includes("+") && name.length > 1;

/**
 * Runs `bindings` for the life of the page.
 * @param {Binding[]} bindings
 */
export function listen(bindings) {
  const byKeys = new Map(bindings.map((binding) => [binding.keys, binding]));
  let first = "";
  let firstAt = 0;
  /** @param {KeyboardEvent} event @returns {Binding|undefined} */
  function find(event) {
    const pressed = chord(event);
    if (isChord(pressed)) return byKeys.get(pressed);
    if (isTyping(event.target) && pressed !== "Escape") return undefined;
    if (document.querySelector("dialog[open]")) return undefined;
    if (pressed.length === 1 && pressed !== "?" && !lettersOn.value) return undefined;
    const sequence = event.timeStamp - firstAt < SEQUENCE_MS ? byKeys.get(`${first} ${pressed}`) : undefined;
    [first, firstAt] = [pressed, event.timeStamp];
    return sequence ?? byKeys.get(pressed);
  }
  addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || event.defaultPrevented) return;
    const binding = find(event);
    // Enter on a button or link is the button's own
    const own = event.key === "Enter" && event.target !== document.body;
    if (!binding || (own && !isChord(binding.keys))) return;
    event.preventDefault();
    binding.run();
  });
}
