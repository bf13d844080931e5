// @ts-check
/** How mentions are scored just now: the rung of the ladder and the model, for whoever looks after it. */
import { html, signal, useEffect } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";

/** @typedef {{rung:string|null,model:string|null,model_out:boolean|null}} Scoring */

const AGAIN_MS = 10_000; // the ladder climbs by a rung in 10 s at the soonest

const scoring = signal(/** @type {Scoring|null} */ (null));

async function read() {
  try {
    if (!document.hidden) scoring.value = await getJson("/api/v1/scoring");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // the floor goes on without it
    scoring.value = null;
  }
}

/** Nothing where no worker says how it is. */
export function ScoringChip() {
  useEffect(() => {
    void read();
    const timer = setInterval(read, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const now = scoring.value;
  if (!now?.rung) return null;
  const out = now.model_out ? ", a model is out" : "";
  return html`<span class="chip scoring" data-testid="scoring" data-rung=${now.rung} title=${now.model}>Scored by <b>${now.rung}</b>${out}</span>`;
}
