// @ts-check
/** One clock per page that follows the server's time and ticks once a second. */
import { signal } from "../vendor/vendor.js";

const SAMPLES = 12; // a minute of `clock` events: old enough to drop a slow one, young for drift

/** @type {number[]} */
let offsets = [];
let offset = 0;

/** Server time in milliseconds, moving once a second: read it to be drawn again each second. */
export const now = signal(Date.now());

/** Server time at this instant. */
export const serverNow = () => Date.now() + offset;

/**
 * Learns the server's time. Delay in the network only ever makes it look older, so of the last
 * few samples the largest difference is the truest; a replayed event does no harm either.
 * @param {number} serverMs
 */
export function syncClock(serverMs) {
  if (!Number.isFinite(serverMs)) return;
  offsets = [...offsets, serverMs - Date.now()].slice(-SAMPLES);
  offset = Math.max(...offsets);
}

function tick() {
  now.value = serverNow();
  // aim just after the full second, so that every number on the page turns at once
  setTimeout(tick, 1005 - (serverNow() % 1000));
}

tick();
