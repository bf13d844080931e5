// @ts-check
/** What is live: the version, who made it and why, where it is in effect, how the folder stands. */
import { html } from "../vendor/vendor.js";
import { clockTime, dateTime, plural } from "./format.js";
import { Icon } from "./icon.js";
import { changesText, countOf } from "./rules-compare.js";
import { ChangeList } from "./rules-changes.js";
import { rebase } from "./rules-edit.js";
import { notify } from "./notices.js";
import { busy, canWrite, draft, editable, elsewhere, live, opened, overview, showing } from "./rules-store.js";
import { Shape } from "./sla.js";

/** @param {import("./rules-types.js").Overview} now */
const taken = (now) => now.in_effect.filter((one) => one.number === now.live.number && !one.problem);

/** @param {{now:import("./rules-types.js").Overview}} props */
function InEffect({ now }) {
  const [good, all] = [taken(now).length, now.in_effect.length];
  const stuck = now.in_effect.some((one) => one.problem);
  const shape = all > 0 && good === all ? "ok" : stuck ? "late" : "at_risk";
  return html`<details class="in-effect" data-state=${shape}><summary data-testid="in-effect"><${Shape} name=${shape} />
      <span role="status">${all === 0 ? "No process decides just now" : `In effect on ${good} of ${all}`}</span></summary>
    <ul>${now.in_effect.map((one) => html`<li key=${one.process} data-testid="process"><strong>${one.process}</strong>
      <span class="muted">version ${one.number}</span></li>`)}</ul></details>`;
}

/** @param {{now:import("./rules-types.js").Overview}} props */
const Stuck = ({ now }) => now.in_effect.filter((one) => one.problem).map((one) => html`<div class="bar bar-stale"
  role="alert" key=${one.process}
  data-testid="process-problem"><${Icon} name="triangle-alert" /><span><strong>${one.process}</strong> keeps version ${one.number}: ${one.problem}</span></div>`);

export function LiveBand() {
  const now = overview.value;
  if (!now) return null;
  const version = now.versions.find((one) => one.number === now.live.number);
  return html`<section class="live-band" aria-label="The live version" data-testid="live">
    <p class="live-name"><strong>Version <span data-testid="live-number">${now.live.number}</span> is live</strong>
      <span class="muted" data-testid="live-by">by ${version?.made_by ?? now.live.changed_by}, ${dateTime(new Date(now.live.changed_ms).toISOString())}</span></p>
    <p class="live-said" dir="auto" data-testid="live-comment">${now.live.reason || version?.comment}</p>
    <span class="spring"></span><${InEffect} now=${now} /></section>`;
}

/** Bars about everybody's rules: a process that could not follow, a folder that differs. */
export function RulesBars() {
  const now = overview.value;
  if (!now) return null;
  return html`<${Stuck} now=${now} />
    ${now.folder.sentence && html`<div class="bar bar-note" role="status" data-testid="folder"><${Icon} name="triangle-alert" />
      <span>${now.folder.sentence.split("`").map((part, at) => (at % 2 ? html`<code>${part}</code>` : part))}</span></div>`}
    ${!canWrite && html`<div class="bar bar-note" role="status" data-testid="looking-on"><${Icon} name="user" />
      <span>You are looking on: supervisors and administrators change the rules. You can try them on a mention.</span></div>`}`;
}

/** Somebody else has changed my draft. */
export function Elsewhere() {
  const told = elsewhere.value;
  if (!told || showing.value !== "draft") return null;
  return html`<section class="bar-box" role="alert" data-testid="elsewhere"><div class="bar bar-note"><${Icon} name="triangle-alert" />
      <span><strong>${told.by}</strong> has changed this draft at ${clockTime(told.at)}: ${changesText(told.changes)}.</span><span class="spring"></span>
      <button type="button" class="button small" data-testid="elsewhere-seen" onClick=${() => (elsewhere.value = null)}>Seen</button></div>
    <div class="bar-more"><${ChangeList} of=${told.changes} /></div></section>`;
}

async function agree() {
  const problem = await rebase(live.value?.number ?? 0);
  if (problem) notify("error", problem);
}

/** What keeps my draft from being published: it is wrong, or it was made from an older version. */
export function DraftBars() {
  const mine = draft.value;
  if (!mine || showing.value !== "draft") return null;
  const behind = mine.based_on < (live.value?.number ?? 0);
  return html`${behind && html`<div class="bar bar-note" role="status" data-testid="live-moved"><${Icon} name="triangle-alert" />
      <span>This draft began from version ${mine.based_on}; version ${live.value?.number} is live now. Below, under Changes, is what publishing would change
        of it.</span><span class="spring"></span>
      ${editable.value && html`<button type="button" class="button small" data-testid="rebase" disabled=${busy.value}
        onClick=${agree}>I have looked: go on from ${live.value?.number}</button>`}</div>`}
    ${mine.problems.length > 0 && html`<div class="bar bar-stale draft-problems" role="status"
      data-testid="draft-problems"><${Icon} name="triangle-alert" />
      <strong>${plural(mine.problems.length, "problem")}</strong>
      <ul>${mine.problems.slice(0, 5).map((one) => html`<li key=${`${one.file}${one.line}${one.message}`} data-testid="draft-problem">
        <button type="button" class="link" onClick=${() => openAt(one)}>${placeOf(one)}</button>
        <code class="told-text">${one.message.split("\n")[0]}</code></li>`)}
        ${mine.problems.length > 5 && html`<li>and ${mine.problems.length - 5} more</li>`}</ul></div>`}`;
}

/** @param {import("./rules-types.js").Placed} one */
const placeOf = (one) => [one.row || one.file || "rules", one.key, one.line ? `line ${one.line}, column ${one.column}` : ""].filter(Boolean).join(", ");

/** @param {import("./rules-types.js").Placed} one */
function openAt(one) {
  if (one.row) opened.value = { what: "row", id: one.row };
  else if (one.file) opened.value = { what: "text", file: one.file };
}

/** How many rows the draft changes, for buttons and tabs. @param {import("./rules-types.js").Changes} of */
export const changesBadge = (of) => (countOf(of) > 0 ? ` (${countOf(of)})` : "");
