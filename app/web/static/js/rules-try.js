// @ts-check
/** Try: one mention, recorded or typed, and what the rules in the table would make of it. */
import { html, signal, useEffect, useState } from "../vendor/vendor.js";
import { nearTime, plural, windowText, words } from "./format.js";
import { now } from "./clock.js";
import { Icon } from "./icon.js";
import { guarded } from "./rules-edit.js";
import { draft, live, queueTitle, showing } from "./rules-store.js";
import { asked, clearTry, failure, found, loadRecent, recent, tryOn } from "./rules-tried.js";

/** @typedef {{text:string,channel:string,lang:string,sentiment:string,followers:string,tier:string,open_cases:string,
 *   credit:string,influence:string,mentions_48h:string,unanswered:string,complaint:string,emotion:string,irony:string,pillar:string}} Typed */

const way = signal(/** @type {"recent"|"typed"} */ ("recent"));
const chosen = signal("");
const typed = signal(/** @type {Typed} */ ({
  text: "", channel: "email", lang: "en", sentiment: "negative", followers: "0", tier: "", open_cases: "0",
  credit: "0", influence: "0", mentions_48h: "0", unanswered: "0", complaint: "", emotion: "", irony: "", pillar: "",
}));
const COUNTS = /** @type {(keyof Typed)[]} */ (["followers", "open_cases", "credit", "influence", "mentions_48h", "unanswered"]);
const SHARES = /** @type {(keyof Typed)[]} */ (["complaint", "irony"]); // in percent; empty: the model does not say
const OPTION_CHARS = 70; // a list of choices stays one line each

/** @param {import("./rules-types.js").Said} said */
const optionText = (said) => `${nearTime(said.at_ms, now.value)} ${said.author}: ${said.text}`.slice(0, OPTION_CHARS);

function Recent() {
  const said = recent.value.find((one) => one.mention_id === chosen.value);
  return html`<div class="try-field"><label for="try-mention">Recent mention</label>
    <div class="try-choice"><select id="try-mention" data-testid="try-mention" value=${chosen.value}
      onChange=${(/** @type {any} */ event) => (chosen.value = event.target.value)}>
      <option value="">${recent.value.length ? "Choose one" : "No mention came in yet"}</option>
      ${recent.value.map((one) => html`<option key=${one.mention_id} value=${one.mention_id}>${optionText(one)}</option>`)}
    </select><button type="button" class="button small" data-testid="try-reload" onClick=${() => guarded(loadRecent)}>Reload</button></div>
    ${said && html`<blockquote class="try-said" dir="auto" data-testid="try-said">${said.text}</blockquote>`}</div>`;
}

const SENTIMENTS = ["negative", "neutral", "positive", "unsupported"];
const EMOTIONS = ["", "anger", "joy", "sadness", "optimism", "none"];
const PILLARS = ["", "service", "sales", "marketing", "innovation", "none"];

/** @param {{name:keyof Typed,label:string,number?:boolean}} props */
const Entry = ({ name, label, number = false }) => html`<div class="try-field"><label for=${`try-${name}`}>${label}</label>
  <input id=${`try-${name}`} data-testid=${`try-${name}`}
    value=${typed.value[name]} inputmode=${number ? "numeric" : undefined} spellcheck=${false}
    onInput=${(/** @type {any} */ event) => (typed.value = { ...typed.value, [name]: event.target.value })} /></div>`;

function TypedFields() {
  const set = (/** @type {any} */ event) => (typed.value = { ...typed.value, [event.target.name]: event.target.value });
  return html`<div class="try-field"><label for="try-text">Text</label>
    <textarea id="try-text" name="text" rows="4" dir="auto" maxlength="10000" data-testid="try-text" value=${typed.value.text}
      onInput=${set}></textarea></div>
    <div class="try-grid">
      <div class="try-field"><label for="try-sentiment">Sentiment</label><select id="try-sentiment" name="sentiment"
        data-testid="try-sentiment"
        value=${typed.value.sentiment} onChange=${set}>${SENTIMENTS.map((one) => html`<option
          value=${one} key=${one}>${words(one)}</option>`)}</select></div>
      <div class="try-field"><label for="try-emotion">Emotion</label><select id="try-emotion" name="emotion"
        data-testid="try-emotion" value=${typed.value.emotion} onChange=${set}>${EMOTIONS.map((one) => html`<option
          value=${one} key=${one}>${one ? words(one) : "Not said"}</option>`)}</select></div>
      <div class="try-field"><label for="try-pillar">Pillar</label><select id="try-pillar" name="pillar"
        data-testid="try-pillar" value=${typed.value.pillar} onChange=${set}>${PILLARS.map((one) => html`<option
          value=${one} key=${one}>${one ? words(one) : "Not said"}</option>`)}</select></div>
      <${Entry} name="complaint" label="Complaint, percent" number /><${Entry} name="irony" label="Irony, percent" number />
      <${Entry} name="channel" label="Channel" /><${Entry} name="lang" label="Language" />
      <${Entry} name="followers" label="Followers" number /><${Entry} name="tier" label="Customer's tier" />
      <${Entry} name="open_cases" label="Open cases" number />
      <${Entry} name="credit" label="Credit" number /><${Entry} name="influence" label="Influence, 0 to 100" number />
      <${Entry} name="mentions_48h" label="Said before, 48 hours" number />
      <${Entry} name="unanswered" label="Of it open, unanswered" number /></div>
    <p class="muted try-note">Nobody scores a typed text: sentiment, emotion, complaint and irony are yours, and the pillar
      where you say it; the rest follows.
      The queues are as they are now.</p>`;
}

/** Percent as a share of one; null where nothing is said. @param {string} said */
const shareOf = (said) => (said.trim() ? Number(said) / 100 : null);

/** What is asked, or why it cannot be. @returns {import("./rules-tried.js").Asked|null} */
function given() {
  if (way.value === "recent") return chosen.value ? { mention_id: chosen.value } : null;
  const numbers = Object.fromEntries(COUNTS.map((name) => [name, Number(typed.value[name]) || 0]));
  const shares = Object.fromEntries(SHARES.map((name) => [name, shareOf(typed.value[name])]));
  const { pillar, ...said } = typed.value;
  const mention = { ...said, ...numbers, ...shares, ...(pillar ? { pillar } : {}) };
  return said.text.trim() ? { mention } : null;
}

/** @param {{of:Record<string, any>,untold:string[]}} props */
const Values = ({ of, untold }) => html`<details class="try-values"><summary data-testid="try-values">What the conditions saw</summary>
  ${untold.length > 0 && html`<p class="muted">Some of ${[...new Set(untold.map((name) => name.split(".")[0]))].join(", ")} was
    not recorded then: here it is as if nothing were known.</p>`}
  <dl>${Object.entries(of).map(([name, value]) => html`<div key=${name}><dt><code>${name}</code></dt>
    <dd dir="auto">${typeof value === "string" ? value || "–" : JSON.stringify(value)}</dd></div>`)}</dl></details>`;

/** @param {{of:import("./rules-types.js").Explained[]}} props */
const WhyNot = ({ of }) => html`<details class="try-values"><summary data-testid="try-why-not">Why the others did not hold</summary>
  <dl>${of.filter((one) => one.result === "miss").map((one) => html`<div key=${one.rule}><dt><code>${one.rule}</code></dt>
    <dd>${one.detail}${one.failed.map((part) => html`<p key=${part.at}><code dir="auto">${part.condition}</code>${Object.entries(part.values)
      .map(([name, value]) => html` <span class="muted">${name} = <bdi>${JSON.stringify(value)}</bdi></span>`)}${part.error}</p>`)}</dd></div>`)}</dl></details>`;

function Result() {
  const told = found.value;
  useEffect(() => {
    if (told) document.querySelector(".try-result")?.scrollIntoView({ block: "nearest" });
  }, [told]);
  if (failure.value) return html`<p class="problem" role="alert"
    data-testid="try-problem"><${Icon} name="triangle-alert" /><span>${failure.value}</span></p>`;
  if (!told) return null;
  const { decision } = told;
  const fired = decision.trace.filter((one) => one.result === "hit").length;
  const held = decision.trace.filter((one) => one.result === "miss" || one.result === "error").length;
  return html`<section class="try-result" aria-live="polite" aria-label="Result" data-testid="try-result">
    <p class="try-to"><strong data-testid="try-queue">${decision.queue ? queueTitle(decision.queue) : "Closed without a task"}</strong>
      ${decision.queue && html`<span class="muted">priority ${decision.priority}, within ${windowText(decision.window_s)}${decision.skills.length > 0
        && `, skills ${decision.skills.join(", ")}`}</span>`}</p>
    <p>Because of <strong data-testid="try-rule">${decision.rule}</strong>: <span dir="auto">${decision.why}</span></p>
    <p class="muted">${fired} fired, ${held} did not hold, ${plural(decision.trace.length - fired - held, "row")} not asked.
      The table shows each.</p>
    <${WhyNot} of=${told.rules} /><${Values} of=${told.values} untold=${told.untold} /></section>`;
}

export function TryPanel() {
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    if (!loaded) void guarded(loadRecent);
    setLoaded(true);
  }, []);
  const what = given();
  const on = showing.value === "draft" && draft.value ? "the draft" : `version ${live.value?.number ?? ""}`;
  return html`<section class="panel try" aria-labelledby="try-head" data-testid="try">
    <header class="pane-head"><h2 id="try-head">Try</h2><span class="muted">on ${on}</span><span class="spring"></span>
      ${asked.value && html`<button type="button" class="button small" data-testid="try-clear" onClick=${clearTry}>Clear</button>`}</header>
    <form class="try-body" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); if (what) tryOn(what); }}>
      <div class="ways" role="group" aria-label="What to try">
        <button type="button" data-testid="try-way-recent" aria-pressed=${way.value === "recent"}
          onClick=${() => (way.value = "recent")}>Recent mention</button>
        <button type="button" data-testid="try-way-typed" aria-pressed=${way.value === "typed"}
          onClick=${() => (way.value = "typed")}>Typed text</button></div>
      ${way.value === "recent" ? html`<${Recent} />` : html`<${TypedFields} />`}
      <button type="submit" class="button primary" data-testid="try-go" disabled=${!what}>Try</button>
      <${Result} />
    </form></section>`;
}
