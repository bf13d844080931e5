// @ts-check
/** One person: all that leads to them, what was joined and why, and what was said. */
import { html } from "../vendor/vendor.js";
import { readOnly } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { dateTime, percent, words } from "./format.js";
import { notify } from "./notices.js";
import { EvidenceTable } from "./people-pair.js";
import * as store from "./people-store.js";

/**
 * @typedef {import("./people-store.js").Person} Person
 * @typedef {import("./people-store.js").Deed} Deed
 */

const DID = /** @type {Record<string, string>} */ ({
  joined: "joined",
  unjoined: "took apart again",
  apart: "said that they are not the same:",
});

/** @param {number} ms */
const moment = (ms) => dateTime(new Date(ms).toISOString());

/** @param {Deed} deed */
const who = (deed) => (deed.role === "service" ? "Handshake" : deed.by);

/** @param {Person} person @param {Deed} join */
function askUnjoin(person, join) {
  asking.value = {
    title: "Take this join back",
    about: `${join.a} and ${join.b} are again who they were before, with their own histories. They are not joined by themselves again.`,
    first: { reason: "" },
    fields: () => [reasonField("How do you know?")],
    confirm: () => "Take it back",
    run: async ({ reason }, key) => {
      await store.tell("unjoin", { join: join.seq, reason }, key);
      notify("info", "They are apart again.");
      await store.open(person.id);
      await store.poll.once();
    },
  };
}

/** @param {{person:Person,join:Deed}} props */
const Join = ({ person, join }) => html`<li class="deed" data-testid="join" data-seq=${join.seq}>
  <div class="deed-line"><span class="deed-what" dir="auto">${join.a} = ${join.b}</span>
    <span class="muted">${who(join)}, ${moment(join.at_ms)}${join.data.confidence !== undefined ? `, ${percent(join.data.confidence)} sure` : ""}</span>
    ${store.canDecide && html`<button type="button" class="button small" data-testid="unjoin" disabled=${readOnly.value}
      aria-label=${`Take back: ${join.a} and ${join.b}`} onClick=${() => askUnjoin(person, join)}>Un-join</button>`}</div>
  ${(join.data.reason || join.data.why) && html`<p class="muted" dir="auto">${join.data.reason || join.data.why}</p>`}
  ${(join.data.evidence?.length ?? 0) > 0 && html`<${EvidenceTable} evidence=${join.data.evidence} ours=${join.a} theirs=${join.b} />`}</li>`;

/** @param {{node:import("./people-store.js").Node}} props */
const Id = ({ node }) => html`<li class="id-line"><span class="deed-what" dir="auto">${words(node.kind)} ${node.id}</span>
  <span class="muted" dir="auto">${[...Object.values(node.known).filter(Boolean), ...node.strong].join(" · ") || "nothing to compare"}</span>
  ${node.too_common.map((line) => html`<span class="muted" data-testid="too-common" dir="auto">Too common to be told apart by – ${line}</span>`)}</li>`;

/** @param {{person:Person}} props */
export function OnePerson({ person }) {
  const { profile } = person;
  return html`<article class="person" data-testid="person" data-person=${person.id}>
    <header class="pair-head"><h2 dir="auto">${person.name}</h2>
      ${profile?.tier && html`<span class="chip">${profile.tier}</span>`}
      ${["ally", "advocate"].includes(profile?.advocacy ?? "") && html`<span class="chip" data-testid="person-advocacy"
        title=${`as ${profile?.advocacy_source} says, since ${moment(profile?.advocacy_ms ?? 0)}`}>${profile?.advocacy}</span>`}<span class="spring"></span>
      <button type="button" class="button small" data-testid="close-person" onClick=${store.close}>Back <kbd>Esc</kbd></button></header>
    <section class="panel" aria-label="Ids and handles"><h3>Ids and handles</h3>
      <ul class="deeds">${person.nodes.map((node) => html`<${Id} key=${node.node} node=${node} />`)}</ul>
      <p class="ways-line muted" dir="auto">They write from: ${person.handle_keys.join(", ") || "nowhere yet"}</p></section>
    <section class="panel" aria-label="Joins"><h3>Joined</h3>
      ${person.joins.length === 0 ? html`<p class="empty">Nothing was joined: one id, one person.</p>`
        : html`<ul class="deeds">${person.joins.map((join) => html`<${Join} key=${join.seq} person=${person} join=${join} />`)}</ul>`}
      ${person.apart.length > 0 && html`<p class="ways-line muted" data-testid="apart" dir="auto">Not the same: ${person.apart.join(", ")}</p>`}</section>
    ${person.events.length > person.joins.length && html`<section class="panel" aria-label="Everything done"><h3>Everything that was done</h3>
      <ul class="deeds">${person.events.map((deed) => html`<li class="id-line" key=${deed.seq}><span dir="auto">${who(deed)} ${DID[deed.kind] ?? deed.kind} ${deed.a} and ${deed.b}</span>
        <span class="muted" dir="auto">${moment(deed.at_ms)}${deed.data.reason ? ` · ${deed.data.reason}` : ""}</span></li>`)}</ul></section>`}
    ${person.history && html`<section class="panel" aria-label="History"><h3>History, over all channels</h3>
      ${person.history.length === 0 ? html`<p class="empty">Nothing was said yet.</p>`
        : html`<ol class="deeds">${person.history.map((line) => html`<li class="id-line" key=${line.fact_id} data-testid="history-line">
          <span class="muted">${moment(line.at_ms)} · ${line.channel} · ${line.kind} by <bdi>${line.by}</bdi></span><span class="said" dir="auto">${line.text}</span></li>`)}</ol>`}</section>`}</article>`;
}
