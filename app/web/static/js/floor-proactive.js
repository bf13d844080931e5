// @ts-check
/** To be told before they ask: whom signals of other systems hurt, and a supervisor's leave to tell them. */
import { html, signal, useEffect, useState } from "../vendor/vendor.js";
import { ApiError, getJson, postJson, readOnly } from "./api.js";
import { now } from "./clock.js";
import { canDirect } from "./floor-moves.js";
import { count, nearTime, plural, words } from "./format.js";
import { Icon } from "./icon.js";
import { notify } from "./notices.js";

/** @typedef {{event:string,title:string,severity:string,subject:string,says:string,source:string,at_ms:number,until_ms:number,
 *   people:number,complete:boolean,sample:{name:string,channel:string}[],text:string}} Warning */

const AGAIN_MS = 20_000; // a signal is hours old before people notice; half a minute is soon enough
const LONGEST = 2_000; // characters that the server takes

const warnings = signal(/** @type {Warning[]} */ ([]));
const sending = signal("");

async function read() {
  try {
    if (!document.hidden) warnings.value = (await getJson("/api/v1/proactive")).signals;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // the floor goes on without it
  }
}

/** @param {Warning} warning @param {string} text */
async function tell(warning, text) {
  if (sending.value) return;
  sending.value = warning.event;
  try {
    const { told, more } = await postJson(`/api/v1/proactive/${encodeURIComponent(warning.event)}/approve`, { text });
    notify("info", `${plural(told, "person", "people")} will be told, as far as they permit it.${more ? " There are more: approve again." : ""}`);
    warnings.value = warnings.value.filter((one) => one !== warning);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    notify("error", error.message);
  } finally {
    sending.value = "";
  }
}

/** @param {{warning:Warning}} props */
function Line({ warning }) {
  const [text, setText] = useState(warning.text);
  const many = `${count(warning.people)}${warning.complete ? "" : " or more"} ${warning.people === 1 ? "person" : "people"}`;
  const id = `warning-${warning.event}`;
  return html`<li class="warning" data-testid="warning" data-event=${warning.event} data-severity=${warning.severity}>
    <p><b>${warning.title}:</b> <bdi>${warning.subject}</bdi> ${warning.says} at ${nearTime(warning.at_ms, now.value)}, told by <bdi>${warning.source}</bdi>.</p>
    <p><strong data-testid="warning-people">${many}</strong> <span class="muted">not heard from and not told yet: ${warning.sample.map((one, i) => html`${i > 0 && ", "}<bdi>${one.name}</bdi> on ${words(one.channel)}`)}${warning.people > warning.sample.length && ", …"}</span></p>
    <label for=${id} class="muted">What they are told</label>
    <textarea id=${id} rows="2" dir="auto" maxlength=${LONGEST} value=${text} data-testid="warning-text"
      onInput=${(/** @type {any} */ event) => setText(event.target.value)}></textarea>
    <div class="ask-actions"><button type="button" class="button primary" data-testid="warning-tell"
      disabled=${!text.trim() || sending.value !== "" || readOnly.value} onClick=${() => tell(warning, text)}><${Icon} name="send" />Tell them</button></div>
  </li>`;
}

/** Nothing where nobody is to be told, or where somebody only looks on. */
export function ToBeTold() {
  useEffect(() => {
    if (!canDirect) return undefined;
    void read();
    const timer = setInterval(read, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (warnings.value.length === 0) return null;
  return html`<section class="panel warnings" aria-label="To be told before they ask" data-testid="to-be-told">
    <header class="pane-head"><h2>To be told before they ask</h2></header>
    <ul>${warnings.value.map((warning) => html`<${Line} key=${warning.event} warning=${warning} />`)}</ul>
  </section>`;
}
