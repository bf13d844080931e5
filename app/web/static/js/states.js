// @ts-check
/** An agent's state: one word, one shape, the load. */
import { html } from "../vendor/vendor.js";
import { Shape } from "./sla.js";

export const STATE_WORDS = { available: "Available", paused: "Paused", offline: "Offline" };
const STATE_SHAPES = /** @type {const} */ ({ available: "ok", paused: "paused", offline: "off" });

/** @param {{state:import("./types.js").RepState}} props */
export const StateMark = ({ state }) => html`<span class="state" data-state=${state}>
  <${Shape} name=${STATE_SHAPES[state] ?? "off"} />${STATE_WORDS[state] ?? state}
</span>`;

/** Load in units of capacity as pips, and as words for who cannot see them. @param {{load:number,capacity:number}} props */
export const Load = ({ load, capacity }) => html`<span class="load">
  <span class="pips" aria-hidden="true">
    ${Array.from({ length: Math.min(Math.ceil(capacity), 8) }, (_, i) => html`<i
      class=${load >= i + 1 ? "lit" : load > i ? "part" : ""}></i>`)}
  </span><span class="load-words">${load} of ${capacity}</span>
</span>`;
