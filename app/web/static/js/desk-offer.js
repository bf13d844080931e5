// @ts-check
/** The offer card: beside the work, never over it, and never taking the focus. */
import { html, signal, useEffect } from "../vendor/vendor.js";
import { accept, decline } from "./actions.js";
import { readOnly } from "./api.js";
import { now, serverNow } from "./clock.js";
import { ContextInShort } from "./desk-context.js";
import { OnFlights } from "./desk-flights.js";
import { Notes } from "./desk-notes.js";
import { languageName } from "./format.js";
import { ChannelIcon, Icon } from "./icon.js";
import { customerName } from "./names.js";
import { SentimentChip, UrgencyChip } from "./score.js";
import { SlaChip } from "./sla.js";
import { ring, stopRinging } from "./sound.js";
import { offer, offerSeconds } from "./store.js";

/** @typedef {import("./types.js").Card} Card */

const GRACE_MS = 4_000; // the server says when an offer ends; past this we stop waiting for it
const EXCERPT = 240;

/** What a screen reader says once when an offer comes. */
const spoken = signal("");

/** Rings and speaks for each new offer, once. */
function useAlert(/** @type {Card|null} */ card) {
  const id = card ? `${card.task_id} ${card.version}` : "";
  useEffect(() => {
    if (!card) return undefined;
    spoken.value = `New offer from ${customerName(card)}. ${card.reason} Alt A accepts, Alt R declines.`;
    ring();
    return () => {
      stopRinging();
      spoken.value = "";
    };
  }, [id]);
}

/** @param {{card:Card,left:number}} props */
function Countdown({ card, left }) {
  const total = Math.max(1, card.expires_ms - card.offered_ms || offerSeconds.value * 1000);
  // the bar moves towards where it will be at the next tick, so that it runs instead of jumping
  const share = Math.max(0, Math.min(1, (left - 1000) / total));
  const seconds = Math.max(0, Math.min(Math.ceil(left / 1000), Math.round(total / 1000)));
  const hurry = left <= 5000;
  return html`
    <div class="offer-bar" data-hurry=${hurry} aria-hidden="true">
      <i key=${card.task_id} style=${{ transform: `scaleX(${share})` }}></i>
    </div>
    <span class="offer-count" data-hurry=${hurry} data-testid="offer-countdown" role="timer"
      aria-live="off" aria-label="Seconds left">${seconds}</span>
  `;
}

/** @param {{card:Card}} props */
function Who({ card }) {
  const { author, channel } = card.mention;
  const tier = card.profile?.known ? card.profile.tier : "";
  return html`<div class="offer-who">
    <${ChannelIcon} channel=${channel} />
    <strong dir="auto">${customerName(card)}</strong>
    <span class="muted ellipsis" dir="auto">@${author.handle.replace(/^@/, "")}</span>
    ${tier && html`<span class="tag tier">${tier}</span>`}
  </div>`;
}

/** The focus was in the card that goes away: it goes on to the task. */
function acceptAndRead() {
  accept();
  setTimeout(() => /** @type {HTMLElement|null} */ (document.querySelector("#conversation-name"))?.focus());
}

/** @param {{card:Card}} props */
function OfferCard({ card }) {
  const left = card.expires_ms - Math.max(now.value, serverNow());
  useEffect(() => {
    if (left < -GRACE_MS && offer.value?.task_id === card.task_id) offer.value = null;
  });
  const over = left <= 0;
  const lang = card.mention.lang || card.score?.lang;
  const text = card.mention.text;
  return html`<aside class="offer" data-testid="offer-card" data-task-id=${card.task_id} aria-label="Offered to you"
    onPointerEnter=${stopRinging} onFocusIn=${stopRinging}>
    <header class="offer-head">
      <span class="offer-title">Offered to you · ${card.queue_title}</span>
      <${Countdown} card=${card} left=${left} />
    </header>
    <${Who} card=${card} />
    <p class="offer-text" dir="auto" lang=${lang || undefined}>
      ${text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text}
    </p>
    <div class="tags">
      <${SlaChip} task=${card} long />
      ${card.score && html`<${SentimentChip} score=${card.score} /><${UrgencyChip} score=${card.score} />`}
      ${lang && html`<span class="tag">${languageName(lang)}</span>`}
    </div>
    <${Notes} task=${card} />
    <${OnFlights} task=${card} />
    <${ContextInShort} card=${card} />
    <p class="offer-why" data-testid="offer-reason"><span class="muted">Why</span> ${card.reason}</p>
    <footer class="offer-actions">
      <button class="button primary" type="button" data-testid="offer-accept" disabled=${over || readOnly.value}
        onClick=${acceptAndRead}>Accept <kbd>Alt A</kbd></button>
      <button class="button" type="button" data-testid="offer-reject" disabled=${over || readOnly.value}
        onClick=${() => decline()}>Decline <kbd>Alt R</kbd></button>
      ${over && html`<span class="muted">Time is up</span>`}
    </footer>
  </aside>`;
}

export function OfferSlot() {
  const card = offer.value;
  useAlert(card);
  return html`
    <div class="sr-only" aria-live="assertive" data-testid="offer-spoken">${spoken.value}</div>
    ${card && html`<${OfferCard} key=${`${card.task_id} ${card.version}`} card=${card} />`}
  `;
}
