// @ts-check
/** Whether a reply got out: before it is written, whether it may; afterwards, what became of it. */
import { html, useEffect, useState } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";
import { now } from "./clock.js";
import { nearTime } from "./format.js";
import { Icon } from "./icon.js";

/**
 * @typedef {{state:string,code:string,problem:string,changed_ms:number,next_ms:number,by:string,purpose:string}} Message
 * @typedef {{connector:boolean,allowed:boolean,code:string,why:string,again_ms:number}} Answer
 * @typedef {{messages:Message[],answer:Answer|null}} Outbound
 */

/** While it is on its way, most are out within a second; before, somebody may say STOP meanwhile. */
const AGAIN_MS = 1_000;
const MOST_LOOKS = 60;
const BEFORE_MS = 5_000;
const ENDS = ["sent", "refused", "failed", "no_connector"];

/** @param {Outbound} found */
const replyOf = (found) => found.messages.findLast((one) => one.by.startsWith("rep:"));

/** What went out for a task, read again until its reply has come to an end.
 * @param {import("./types.js").Card} task @returns {Outbound|null} */
function useOutbound(task) {
  const [found, setFound] = useState(/** @type {Outbound|null} */ (null));
  useEffect(() => {
    let over = false;
    let looks = 0;
    let timer = 0;
    const look = async () => {
      try {
        const read = await getJson(`/api/v1/mentions/${encodeURIComponent(task.mention_id)}/outbound`);
        if (over) return;
        setFound(read);
        looks += 1;
        const ended = ENDS.includes(replyOf(read)?.state ?? "");
        if (!task.reply) timer = window.setTimeout(look, BEFORE_MS);
        else if (!ended && looks < MOST_LOOKS) timer = window.setTimeout(look, AGAIN_MS);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // the card says enough without it
      }
    };
    look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [task.task_id, task.version]);
  return found;
}

/** @param {Message} message */
function became({ state, problem, changed_ms, next_ms }) {
  const at = (/** @type {number} */ ms) => nearTime(ms, now.value);
  if (state === "sent") return `sent ${at(changed_ms)}`;
  if (state === "refused") return `not sent: ${problem}`;
  if (state === "failed") return `not sent, its channel did not take it: ${problem}`;
  if (state === "waiting") return `waits until ${at(next_ms)}: ${problem}`;
  if (state === "no_connector") return "recorded here, not sent: this channel has no connector";
  return problem ? `being sent again: ${problem}` : "being sent…";
}

/** Under a reply: what became of it. @param {{task:import("./types.js").Card}} props */
export function ReplyState({ task }) {
  const found = useOutbound(task);
  const message = found && replyOf(found);
  if (!message) return null;
  const bad = message.state === "refused" || message.state === "failed";
  return html`<span data-testid="reply-state" data-state=${message.state}> · ${bad && html`<${Icon} name="triangle-alert" />`}
    <bdi>${became(message)}</bdi></span>`;
}

/** Above the reply box: why a reply would not get out. @param {{task:import("./types.js").Card}} props */
export function BeforeReply({ task }) {
  const answer = useOutbound(task)?.answer;
  if (!answer || answer.allowed) return null;
  return html`<p class="problem" data-testid="reply-refused"><${Icon} name="triangle-alert" />
    <span>${answer.again_ms ? `A reply would wait until ${nearTime(answer.again_ms, now.value)}: ` : "A reply would not be sent: "}
      <bdi>${answer.why}</bdi></span></p>`;
}
