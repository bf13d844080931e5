// @ts-check
/** Asks the server again and again, for pages without a stream; looks like a feed from outside. */
import { signal } from "../vendor/vendor.js";
import { ApiError, readOnly } from "./api.js";
import { now, serverNow } from "./clock.js";

const QUIET_MS = 2_000; // shorter cuts are nobody's business
const STALE_MS = 10_000; // from here on people must know how old the data is

export class Poll {
  /** @param {() => Promise<void>} ask @param {() => number} everyMs how long until the next time */
  constructor(ask, everyMs) {
    this.ask = ask;
    this.everyMs = everyMs;
    this.fatal = signal(/** @type {ApiError|null} */ (null));
    this.loaded = signal(false);
    this.caughtUp = signal(/** @type {number|null} */ (null));
    this.downSince = signal(/** @type {number|null} */ (null));
    this.heardAt = signal(serverNow());
    this.timer = 0;
  }

  /** How the line is now; moves with the page's clock. @returns {import("./feed.js").Connection} */
  get connection() {
    const since = this.downSince.value;
    const down = since === null ? 0 : now.value - since;
    if (down < QUIET_MS) return "live";
    return down < STALE_MS ? "reconnecting" : "stale";
  }

  start() {
    addEventListener("online", () => void this.once());
    addEventListener("pageshow", (event) => event.persisted && void this.once());
    return this.once();
  }

  /** Asks now, and goes on from here. */
  async once() {
    clearTimeout(this.timer);
    try {
      await this.ask();
      this.heardAt.value = serverNow();
      this.downSince.value = null;
      this.loaded.value = true;
      readOnly.value = false;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // a fault of ours: let it be seen
      if (error.status === 401 || error.status === 403) this.fatal.value = error;
      else this.downSince.value ??= serverNow();
    }
    clearTimeout(this.timer); // somebody may have asked meanwhile
    if (!this.fatal.value) this.timer = setTimeout(() => this.once(), this.everyMs());
  }
}
