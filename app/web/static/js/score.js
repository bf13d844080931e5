// @ts-check
/** What the model read in a mention, in words and small meters. */
import { html } from "../vendor/vendor.js";
import { languageName, percent, words } from "./format.js";

/** @typedef {import("./types.js").Score} Score */

const HIGH = 0.66; // thirds: people tell three levels apart at a glance, not ten
const MEDIUM = 0.33;
const STEPS = 5;

/** @param {number} urgency */
export const urgencyWord = (urgency) => (urgency >= HIGH ? "high" : urgency >= MEDIUM ? "medium" : "low");

/** @param {{score:Score}} props */
export function SentimentChip({ score }) {
  const { label, confidence } = score.sentiment;
  if (label === "unsupported") return html`<span class="tag">Sentiment unknown</span>`;
  return html`<span class="tag sentiment" data-sentiment=${label}>
    <span class="tag-dot" aria-hidden="true"></span>${words(label)} ${percent(confidence)}
  </span>`;
}

/** @param {{score:Score}} props */
export function UrgencyChip({ score }) {
  const word = urgencyWord(score.urgency);
  const lit = Math.max(1, Math.round(score.urgency * STEPS));
  return html`<span class="tag urgency" data-urgency=${word}>
    <span class="meter" aria-hidden="true">
      ${Array.from({ length: STEPS }, (_, i) => html`<i class=${i < lit ? "lit" : ""}></i>`)}
    </span>Urgency ${word}
  </span>`;
}

/** Shares of the three sentiments as one bar with a legend. @param {{score:Score}} props */
function Distribution({ score }) {
  const parts = /** @type {const} */ (["negative", "neutral", "positive"]);
  return html`<div class="distribution">
    <div class="distribution-bar" aria-hidden="true">
      ${parts.map((part) => html`<i data-sentiment=${part} style=${{ flexGrow: score.sentiment[part] }}></i>`)}
    </div>
    <div class="distribution-legend">
      ${parts.map((part) => html`<span data-sentiment=${part}>
        <span class="tag-dot" aria-hidden="true"></span>${part} ${percent(score.sentiment[part])}
      </span>`)}
    </div>
  </div>`;
}

/** Whose it is; scores of older software do not say. @param {Score} score */
const owner = (score) => (!score.pillar || score.pillar === "none" ? "For nobody" : `For ${score.pillar}`);

const CLEARLY = 0.5; // from a half on, a question of yes or no is answered with yes

/**
 * What the model hears beside the sentiment, where it has an ear for it.
 * @param {Score} score @returns {string[]}
 */
const heard = (score) => [
  (score.complaint ?? 0) >= CLEARLY ? `Complaint ${percent(score.complaint ?? 0)}` : "",
  score.emotion && score.emotion !== "none" ? words(score.emotion) : "",
  (score.irony ?? 0) >= CLEARLY ? "Sounds ironic" : "",
].filter(Boolean);

/** The score with its reasons. @param {{score:Score,lang?:string}} props */
export function ScorePanel({ score, lang }) {
  const language = languageName(score.lang || lang);
  const known = score.sentiment.label !== "unsupported";
  return html`<section class="score" aria-label="What we read in it" data-testid="task-score">
    <div class="score-tags">
      <${SentimentChip} score=${score} /><${UrgencyChip} score=${score} />
      <span class="tag">${words(score.intent)}</span>
      ${heard(score).map((one) => html`<span class="tag" data-testid="score-heard" key=${one}>${one}</span>`)}
      ${score.pillar && score.pillar !== "none" && html`<span class="tag" data-testid="score-pillar">${owner(score)}</span>`}
      ${language && html`<span class="tag">${language}</span>`}
    </div>
    ${known
      ? html`<${Distribution} score=${score} />`
      : html`<p class="muted">The model does not know ${language || "this language"}: judge the tone yourself.</p>`}
    ${score.urgency_why.length > 0 && html`<p class="score-why">
      <span class="muted">Urgency from</span>
      ${score.urgency_why.map((why) => html`<span class="tag plain">${why}</span>`)}
    </p>`}
    ${score.pillar_why && score.pillar_why.length > 0 && html`<p class="score-why">
      <span class="muted">${owner(score)} from</span>
      ${score.pillar_why.map((why) => html`<span class="tag plain">${why}</span>`)}
    </p>`}
    <p class="score-model muted">Model ${score.model}</p>
  </section>`;
}
