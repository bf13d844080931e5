// @ts-check
/** The customer panel: who it is, how they like to be reached, why this came to me. */
import { html } from "../vendor/vendor.js";
import { KnownFacts } from "./desk-known.js";
import { count, dateTime, languageName, shortCount, words } from "./format.js";
import { Icon } from "./icon.js";
import { drawerOpen } from "./store.js";

/** @typedef {import("./types.js").Card} Card */

/** Leaves out what is not known. @param {[string, any][]} pairs */
const facts = (pairs) => pairs
  .filter(([, value]) => value !== "" && value !== undefined && value !== null && value !== false)
  .map(([name, value]) => html`<div><dt>${name}</dt><dd dir="auto">${value}</dd></div>`);

/** @param {{task:Card}} props */
function Customer({ task }) {
  const { author } = task.mention;
  const profile = task.profile;
  const name = profile?.name || author.name || author.handle;
  const known = Boolean(profile?.known);
  return html`<section>
    <h2>Customer</h2>
    <div class="person">
      <span class="avatar" aria-hidden="true">${name.trim().slice(0, 1).toUpperCase()}</span>
      <div>
        <strong dir="auto" data-testid="profile-name">${name}</strong>
        <div class="muted" dir="auto">@${author.handle.replace(/^@/, "")}</div>
      </div>
      ${known && profile.tier && html`<span class="tag tier">${profile.tier}</span>`}
    </div>
    <p><a href=${`/history?person=${encodeURIComponent(`${task.mention.channel}:${author.handle}`)}`} data-testid="profile-history">Contact history</a></p>
    ${!known && html`<p class="muted" data-testid="profile-none">${profile?.missing
      ? "Our records could not be asked: this may be somebody we know."
      : "Not in our records yet: treat as a new customer."}</p>`}
    <dl class="facts">
      ${known && facts([
        ["Prefers", profile.preferred_channel && words(profile.preferred_channel)],
        ["Language", languageName(profile.lang)],
        ["Open cases", count(profile.open_cases ?? 0)],
        ["Value", profile.value ? shortCount(profile.value) : ""],
        ["Products", profile.products?.join(", ")],
        ["Credit", profile.credit ? count(profile.credit) : ""],
        ["Rewards", profile.rewards ? count(profile.rewards) : ""],
        ["Household", profile.household],
        ["Influence", profile.influence ? `${profile.influence} of 100` : ""],
        ["Known as", ["ally", "advocate"].includes(profile.advocacy) ? `${profile.advocacy}, as ${profile.advocacy_source} says` : ""],
        ["Seen on", profile.social?.map(words).join(", ")],
        ["Customer id", profile.customer_id],
      ])}
      ${facts([["Followers", author.followers ? shortCount(author.followers) : ""]])}
    </dl>
    ${known && html`<${KnownFacts} key=${profile.customer_id} customer=${profile.customer_id} />`}
  </section>`;
}

/** The thread, and who the author is in the community that has it. @param {{task:Card}} props */
function Community({ task }) {
  const { community, channel } = task.mention;
  if (!community) return null;
  const { standing, thread } = community;
  return html`<section data-testid="community">
    <h2>In the community</h2>
    <p><a href=${`/history?thread=${encodeURIComponent(`${channel}:${thread}`)}`} data-testid="community-thread" dir="auto">${community.title || thread}</a></p>
    <dl class="facts">
      ${facts([
        ["This post", community.position === "opening" ? "opens the thread" : "is an answer"],
        ["Role", words(standing.role)],
        ["Posts", standing.posts ? count(standing.posts) : ""],
        ["Accepted answers", standing.accepted ? count(standing.accepted) : ""],
        ["Kudos", standing.kudos ? count(standing.kudos) : ""],
        ["Trust level", standing.trust ? count(standing.trust) : ""],
      ])}
    </dl>
  </section>`;
}

/** @param {{task:Card}} props */
function Why({ task }) {
  return html`<section>
    <h2>Why this came to you</h2>
    <p data-testid="task-reason">${task.reason}</p>
    <dl class="facts">
      ${facts([
        ["Queue", task.queue_title],
        ["Rule", html`<code>${task.rule}</code>`],
        ["Priority", count(task.priority)],
        ["Counts as", task.weight === 1 ? "" : `${count(task.weight)} of your capacity`],
        ["Escalated", task.level > 0 ? `level ${task.level}` : ""],
        ["Detected", dateTime(new Date(task.detected_ms).toISOString())],
        ["Due", dateTime(new Date(task.due_ms).toISOString())],
        ["Resolve by", task.resolution_ms > 0 && dateTime(new Date(task.resolution_ms).toISOString())],
      ])}
    </dl>
  </section>`;
}

/** @param {{task:Card|null}} props */
export function ProfilePanel({ task }) {
  const open = drawerOpen.value;
  return html`<aside class="profile" data-testid="profile-panel" data-open=${open} aria-label="Customer" tabindex="0">
    <button class="icon-button drawer-close" type="button" aria-label="Close customer panel"
      onClick=${() => (drawerOpen.value = false)}><${Icon} name="x" /></button>
    ${task
      ? html`<${Customer} task=${task} /><${Community} task=${task} /><${Why} task=${task} />`
      : html`<p class="muted profile-none">Open a task to see who is speaking.</p>`}
  </aside>`;
}
