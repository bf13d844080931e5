// @ts-check
/** Asks the server for the state of the rules: often while a new version comes into effect. */
import { Poll } from "./poll.js";
import { serverNow } from "./clock.js";
import { overview, refresh } from "./rules-store.js";

const EVERY_MS = 2_000; // what others do is seen this soon
const SOON_MS = 250; // a version is in effect within two seconds: watch it come
const WATCHED_MS = 20_000; // a process that has not taken it by then says why

export const poll = new Poll(refresh, () => (coming() ? SOON_MS : EVERY_MS));

/** Whether a new version is still on its way to some process. */
function coming() {
  const now = overview.value;
  if (!now || serverNow() - now.live.changed_ms > WATCHED_MS) return false;
  return now.in_effect.some((one) => one.number !== now.live.number && !one.problem);
}

/** Asks now. */
export const soon = () => poll.once();
