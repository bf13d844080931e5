// @ts-check
/** What the model was unsure of, labelled one after the other by keys; its own answer comes after. */
import { html, render, signal } from "../vendor/vendor.js";
import { ApiError, getJson, postJson, readOnly } from "./api.js";
import { AskDialog } from "./ask.js";
import { askCorrect } from "./correct.js";
import { dateTime, languageName, percent, words } from "./format.js";
import { ChannelIcon } from "./icon.js";
import { listen } from "./keys.js";
import { dismiss, notices, notify } from "./notices.js";
import { PLACES } from "./places.js";
import { Poll } from "./poll.js";
import * as shell from "./shell.js";

/**
 * @typedef {{mention_id:string,channel:string,lang:string,at_ms:number,text:string,cut:boolean}} Sample
 * @typedef {{mention_id:string,label:{sentiment:string},model:{sentiment:string,confidence:number,model:string},agreed:{sentiment:boolean}}} Answer
 * @typedef {{model:string,of:string,blind:boolean,labels:number,agreed:number,share:number,
 *   confusion:{said:string,label:string,times:number}[]}} Agreement
 */

const ROOT = "/api/v1/labels";
const EVERY_MS = 10_000; // somebody labels one every few seconds, and twenty are here already
const MOODS = ["negative", "neutral", "positive"];
const KINDS = /** @type {const} */ ({ unsure: "What the model was unsure of", unsupported: "Languages that no model knows" });
const MOST_TOLD = 3;
const GONE = new Set([404, 409]); // it was erased or has no score, or somebody was quicker: no key helps

const samples = signal(/** @type {Sample[]} */ ([]));
const waiting = signal(0);
const kind = signal("unsure");
const last = signal(/** @type {Answer|null} */ (null));
const sending = signal(false);
const models = signal(/** @type {Agreement[]} */ ([]));
/** Dealt with here: the ledger hears of it in a moment, and the list until then does not. */
const dealt = /** @type {Set<string>} */ (new Set());

const poll = new Poll(async () => {
  const asked = kind.value;
  const found = await getJson(`${ROOT}?kind=${asked}`);
  if (asked !== kind.value) return;
  const left = found.mentions.filter((/** @type {Sample} */ one) => !dealt.has(one.mention_id));
  waiting.value = found.waiting - (found.mentions.length - left.length);
  const now = samples.value[0]; // what somebody reads stays, drawn no longer or not: a key must label what was read
  samples.value = now && !dealt.has(now.mention_id)
    ? [now, ...left.filter((/** @type {Sample} */ one) => one.mention_id !== now.mention_id)] : left;
}, () => EVERY_MS);

async function countModels() {
  try {
    models.value = (await getJson(`${ROOT}/agreement`)).models;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // the page is of use without it
  }
}

/** Shown no more. @param {Sample} one */
function drop(one) {
  dealt.add(one.mention_id);
  samples.value = samples.value.filter((each) => each.mention_id !== one.mention_id);
  if (samples.value.length === 0) void poll.once();
}

/** What is done with the mention that is shown. @param {(one:Sample) => Promise<void>} how */
async function deal(how) {
  const one = samples.value[0];
  if (!one || sending.value || readOnly.value) return;
  sending.value = true;
  try {
    await how(one);
    drop(one);
    waiting.value -= 1;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
    if (GONE.has(error.status)) drop(one);
  } finally {
    sending.value = false;
  }
}

/** @param {Sample} one */
const pathOf = (one) => `${ROOT}/${encodeURIComponent(one.mention_id)}`;

/** The key is made of the mention: pressed again after a cut, it is the same label. @param {string} sentiment */
const say = (sentiment) => deal(async (one) => {
  last.value = await postJson(pathOf(one), { sentiment }, `blind ${one.mention_id}`);
});

const skip = () => deal(async (one) => {
  await postJson(`${pathOf(one)}/skip`, {});
  last.value = null;
});

/** @param {string} to */
function choose(to) {
  kind.value = to;
  samples.value = [];
  void poll.once();
}

/** Of the one before: what the model had said. */
function Told() {
  const answer = last.value;
  if (!answer) return null;
  const { sentiment, confidence } = answer.model;
  const theirs = sentiment === "unsupported" ? "no model knows the language" : `the model ${words(sentiment).toLowerCase()}, ${percent(confidence)} sure`;
  const verdict = sentiment === "unsupported" ? "" : answer.agreed.sentiment ? ": you agree" : ": you differ";
  return html`<p class="label-told" role="status" data-testid="label-told" data-agreed=${answer.agreed.sentiment}>
    Before: you said ${answer.label.sentiment}, ${theirs}${verdict}.
    <button type="button" class="button small" data-testid="label-change" onClick=${() => askCorrect(answer.mention_id)}>Change mine</button></p>`;
}

/** @param {{one:Sample}} props */
const One = ({ one }) => html`<article class="panel label-one" data-testid="label-one" data-mention=${one.mention_id}>
  <p class="muted label-head"><${ChannelIcon} channel=${one.channel} /><span>${words(one.channel)}</span>
    ${languageName(one.lang) && html`<span class="tag">${languageName(one.lang)}</span>`}
    <time datetime=${new Date(one.at_ms).toISOString()}>${dateTime(new Date(one.at_ms).toISOString())}</time></p>
  <p class="label-text" dir="auto" lang=${one.lang || undefined} data-testid="label-text">${one.text}${one.cut && html`<span class="muted"> … (cut)</span>`}</p>
  <div class="label-actions" role="group" aria-label="What is its mood?">
    ${MOODS.map((mood, at) => html`<button type="button" class="button" key=${mood} data-testid=${`label-${mood}`}
      disabled=${sending.value || readOnly.value} onClick=${() => say(mood)}>${words(mood)} <kbd>${at + 1}</kbd></button>`)}
    <span class="spring"></span>
    <button type="button" class="button" data-testid="label-skip" disabled=${sending.value || readOnly.value} onClick=${skip}>Nobody can tell <kbd>s</kbd></button>
  </div></article>`;

const None = () => html`<div class="panel empty" data-testid="labels-none"><h2>Nothing waits to be labelled</h2>
  <p>Each day some of the mentions of which the model was unsure are drawn and come here.</p></div>`;

/** @param {{one:Agreement}} props */
const Row = ({ one }) => html`<tr data-testid="agreement">
  <th scope="row">${one.model}</th><td data-label="Of">${words(one.of)}, ${one.blind ? "blind" : "corrected"}</td>
  <td class="num" data-label="Labels">${one.labels}</td><td class="num" data-label="Agreed">${percent(one.share)}</td>
  <td data-label="Said instead">${one.confusion.filter((each) => each.said !== each.label).sort((a, b) => b.times - a.times).slice(0, MOST_TOLD)
    .map((each) => `${each.said} → ${each.label} ${each.times}`).join(", ")}</td></tr>`;

const Models = () => models.value.length > 0 && html`<section class="panel label-models" aria-label="How often people agree">
  <h2>How often people agree</h2>
  <table><thead><tr><th scope="col">Model</th><th scope="col">Of</th><th scope="col" class="num">Labels</th><th scope="col" class="num">Agreed</th><th scope="col">Said instead</th></tr></thead>
    <tbody>${models.value.map((one) => html`<${Row} key=${`${one.model} ${one.of} ${one.blind}`} one=${one} />`)}</tbody></table>
  <p class="muted">Blind: labelled before the model's answer was seen. Nobody corrects what they find right, so what was corrected says where a model errs, not how often.</p></section>`;

const BINDINGS = [
  ...MOODS.map((mood, at) => ({ keys: String(at + 1), label: words(mood), run: () => void say(mood) })),
  { keys: "s", label: "Nobody can tell", run: () => void skip() },
  ...PLACES,
  { keys: "?", label: "This sheet", run: () => (shell.keySheetOpen.value = true) },
];

function Page() {
  if (poll.fatal.value?.status === 403) return html`<${shell.PageProblem} feed=${poll} />`;
  const one = samples.value[0];
  return html`<header class="topbar"><h1>Labels</h1><${shell.ConnectionChip} feed=${poll} />
      <span class="chip"><b class="num" data-testid="labels-waiting">${Math.max(0, waiting.value)}</b> waiting</span><span class="spring"></span>
      <span class="topbar-tools"><${shell.ThemeButton} /><${shell.KeysButton} /></span></header>
    <${shell.ConnectionBar} feed=${poll} /><${shell.ReadOnlyBar} feed=${poll} />
    <main class="labels" id="main">
      <label class="label-kind" for="label-kind">Show
        <select id="label-kind" data-testid="label-kind" value=${kind.value} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
          ${Object.entries(KINDS).map(([value, title]) => html`<option key=${value} value=${value}>${title}</option>`)}</select></label>
      <${Told} />
      ${poll.loaded.value && (one ? html`<${One} key=${one.mention_id} one=${one} />` : html`<${None} />`)}
      <${Models} /></main>
    <${AskDialog} /><${shell.Notices} notices=${notices.value} dismiss=${dismiss} />
    <${shell.KeySheet} bindings=${BINDINGS} /><${shell.SignedOut} />`;
}

document.title = "Labels · Handshake";
listen(BINDINGS);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.querySelector("#app")));
void poll.start();
void countModels();
