// @ts-check
/** The sound of an offer: two notes, repeated until somebody is seen at the desk. */
import { signal } from "../vendor/vendor.js";

const STORE = "hs.sound";
const REPEAT_MS = 10_000;
const TIMES = 3;
const NOTES = [660, 880]; // a rising fourth: friendly, and carries over office noise
const VOLUME = 0.12;

export const soundOn = signal(localStorage.getItem(STORE) !== "off");

/** @type {AudioContext|null} */
let audio = null;
let timer = 0;
let speaks = !navigator.locks; // without locks each tab speaks

// one tab speaks: the first holds the lock until it closes, then the next gets it
navigator.locks?.request("hs-sound", () => {
  speaks = true;
  return new Promise(() => {});
});

/** Plays the two notes, if the browser lets us: it wants one click on the page first. */
export function playOffer() {
  if (!navigator.userActivation?.hasBeenActive) return;
  audio ??= new AudioContext();
  void audio.resume();
  NOTES.forEach((pitch, index) => note(pitch, /** @type {AudioContext} */ (audio).currentTime + index * 0.16));
}

/** @param {number} pitch @param {number} at */
function note(pitch, at) {
  const context = /** @type {AudioContext} */ (audio);
  const tone = new OscillatorNode(context, { type: "sine", frequency: pitch });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(VOLUME, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.32);
}

/** @param {boolean} on */
export function setSound(on) {
  soundOn.value = on;
  localStorage.setItem(STORE, on ? "on" : "off");
  if (on) playOffer(); // the switch is its own test
  else stopRinging();
}

/** Begins to ring for a new offer. */
export function ring() {
  stopRinging();
  let left = TIMES;
  const again = () => {
    if (soundOn.value && speaks) playOffer();
    left -= 1;
    if (left > 0) timer = setTimeout(again, REPEAT_MS);
  };
  again();
}

/** The offer was seen or is over. */
export function stopRinging() {
  clearTimeout(timer);
}

for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, stopRinging, { passive: true });
