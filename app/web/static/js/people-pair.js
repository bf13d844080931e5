// @ts-check
/** One pair with its evidence side by side: what agrees, what it weighs, what speaks against it. */
import { html } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { percent, words } from "./format.js";
import { Icon } from "./icon.js";
import * as store from "./people-store.js";

/** @typedef {import("./people-store.js").Pair} Pair */

const LEVELS = /** @type {Record<string, string>} */ ({
  attested: "attested for both",
  same: "the same",
  close: "the same but for a mistake",
  part: "the same in part",
  hint: "alike",
  different: "different",
});

/** @param {"join"|"apart"} what @param {Pair} pair */
export function askReason(what, pair) {
  asking.value = {
    title: what === "join" ? "They are the same person" : "They are not the same person",
    about: `${pair.a.name} (${pair.a.node}) and ${pair.b.name} (${pair.b.node}).`,
    first: { reason: "" },
    fields: () => [reasonField("How do you know?")],
    confirm: () => (what === "join" ? "The same" : "Not the same"),
    run: async ({ reason }, key) => {
      await store.tell(what, { a: pair.a.node, b: pair.b.node, reason }, key);
      store.decided(what, pair);
    },
  };
}

/** The machine's join of what contradicts itself asks for a reason first. @param {"join"|"apart"} what */
export function choose(what) {
  const pair = store.shownPair();
  if (!pair || !store.canDecide || store.person.value) return;
  if (what === "join" && pair.against.length > 0) askReason(what, pair);
  else void store.decide(what, (one) => askReason(what, one));
}

/** @param {{evidence:import("./people-store.js").Evidence[],ours:string,theirs:string}} props */
export const EvidenceTable = ({ evidence, ours, theirs }) => html`<table class="evidence" data-testid="evidence">
  <thead><tr><th scope="col">What</th><th scope="col" dir="auto">${ours}</th><th scope="col" dir="auto">${theirs}</th><th scope="col">It says</th><th scope="col" class="num">Bits</th></tr></thead>
  <tbody>${evidence.map((one) => html`<tr data-level=${one.level}>
    <th scope="row">${words(one.field)}</th>
    <td data-label=${ours} dir="auto">${one.ours || "–"}</td><td data-label=${theirs} dir="auto">${one.theirs || "–"}</td>
    <td data-label="It says"><span class="level" data-level=${one.level}>${LEVELS[one.level] ?? one.level}</span></td>
    <td class="num" data-label="Bits">${one.level === "attested" ? "–" : `${one.bits > 0 ? "+" : ""}${one.bits.toFixed(1)}`}</td></tr>`)}</tbody></table>`;

/** How sure the weights are; what is attested has none. @param {{confidence:number,evidence:import("./people-store.js").Evidence[]}} pair */
export const sure = (pair) => (pair.evidence.some((one) => one.level === "attested") ? "attested" : `${percent(pair.confidence)} sure`);

/** @param {{side:import("./people-store.js").Side}} props */
const Side = ({ side }) => html`<section class="side" aria-label=${side.name}>
  <h3 dir="auto">${side.name}</h3>
  <p class="muted">${side.known ? "Customer" : "Not a customer yet"}${side.tier ? ` · ${side.tier}` : ""}</p>
  <ul class="ways">${side.handle_keys.slice(0, 6).map((key) => html`<li dir="auto">${key}</li>`)}
    ${side.handle_keys.length > 6 && html`<li class="muted">and ${side.handle_keys.length - 6} more</li>`}</ul>
  <button type="button" class="button small" data-testid="open-person" onClick=${() => store.open(side.node)}>Show</button>
</section>`;

/** @param {{pair:Pair}} props */
export const OnePair = ({ pair }) => html`<article class="panel pair" data-testid="pair" data-pair=${pair.pair}>
  <header class="pair-head"><h2>Are they the same person?</h2>
    <span class="chip" data-testid="pair-confidence">${sure(pair)}</span></header>
  <p class="pair-why" data-testid="pair-why">${pair.why}</p>
  ${pair.against.map(([ours, theirs]) => html`<p class="pair-against" role="note" data-testid="pair-against"><${Icon} name="triangle-alert" />
    <span dir="auto">Both are attested, and they differ: ${ours} and ${theirs}. Whoever joins them says why.</span></p>`)}
  <div class="sides"><${Side} side=${pair.a} /><${Side} side=${pair.b} /></div>
  <${EvidenceTable} evidence=${pair.evidence} ours=${pair.a.name} theirs=${pair.b.name} />
  ${store.canDecide && html`<div class="pair-actions">
    <button type="button" class="button" data-testid="pair-apart" disabled=${store.sending.value || readOnly.value} onClick=${() => choose("apart")}>Not the same <kbd>n</kbd></button>
    <button type="button" class="button primary" data-testid="pair-join" disabled=${store.sending.value || readOnly.value} onClick=${() => choose("join")}>The same <kbd>s</kbd></button>
  </div>`}</article>`;
