// @ts-check
/** A live feed: a snapshot first, then the stream from where the snapshot ended, for ever. */
import { effect, signal } from "../vendor/vendor.js";
import { ApiError, getJson, readOnly } from "./api.js";
import { now, serverNow, syncClock } from "./clock.js";

const SILENCE_MS = 12_000; // the server sends `clock` every 5 s: two missed means the line is dead
const QUIET_MS = 2_000; // shorter cuts are nobody's business
const STALE_MS = 10_000; // from here on people must know how old the data is
const CATCH_UP_MS = 800; // replayed events arrive within this time after the stream opens
const NOTE_MS = 3_000;
const PROBE_MS = 1_500; // while nothing can be changed: so often we ask whether it can again
const BACKOFF_MS = [250, 500, 1_000, 2_000, 4_000];

/** @typedef {"live"|"reconnecting"|"stale"} Connection */

/**
 * @template S
 * @typedef {{snapshotUrl:string,streamUrl:string,onSnapshot:(snapshot:S)=>void,
 *   handlers:Record<string,(data:any)=>void>}} FeedOptions
 */

/** @template {{now_ms:number,last_event_id:string}} S */
export class Feed {
  /** @param {FeedOptions<S>} options */
  constructor(options) {
    this.options = options;
    /** What broke the page for good: signed out, or no permission. */
    this.fatal = signal(/** @type {ApiError|null} */ (null));
    this.loaded = signal(false);
    this.caughtUp = signal(/** @type {number|null} */ (null));
    this.downSince = signal(/** @type {number|null} */ (null));
    this.heardAt = signal(serverNow());
    this.lastId = "";
    this.tries = 0;
    this.replayed = 0;
    /** @type {EventSource|null} */
    this.source = null;
    this.timer = 0;
    this.refetch = true;
    this.round = 0;
  }

  /** How the line is now; moves with the page's clock. @returns {Connection} */
  get connection() {
    const since = this.downSince.value;
    if (since === null) return "live";
    const down = now.value - since;
    if (down < QUIET_MS) return "live";
    return down < STALE_MS ? "reconnecting" : "stale";
  }

  start() {
    addEventListener("online", () => this.connectIn(0));
    addEventListener("offline", () => this.lost());
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => event.persisted && this.connectIn(0));
    setInterval(() => this.checkSilence(), 1_000);
    effect(() => readOnly.value && this.probe());
    this.connect();
  }

  async connect() {
    this.source?.close();
    this.source = null;
    this.round += 1;
    const round = this.round;
    if (this.refetch && !(await this.loadSnapshot())) return;
    if (round !== this.round) return; // a newer attempt overtook this one
    if (readOnly.value) return this.probe();
    const glue = this.options.streamUrl.includes("?") ? "&" : "?";
    const last = encodeURIComponent(this.lastId);
    this.open(new EventSource(`${this.options.streamUrl}${glue}last=${last}`));
  }

  /** @returns {Promise<boolean>} whether the stream may be opened now */
  async loadSnapshot() {
    try {
      const snapshot = await getJson(this.options.snapshotUrl);
      syncClock(snapshot.now_ms);
      this.lastId = snapshot.last_event_id ?? "";
      this.heardAt.value = serverNow();
      this.refetch = false;
      this.loaded.value = true;
      this.downSince.value = null;
      readOnly.value = snapshot.read_only === true;
      this.options.onSnapshot(snapshot);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // a fault of ours: let it be seen
      if (error.status === 401 || error.status === 403) this.fatal.value = error;
      else if (error.code === "read_only") this.probe();
      else this.lost();
      return false;
    }
  }

  /** @param {EventSource} source */
  open(source) {
    this.source = source;
    source.onopen = () => this.opened();
    // our own timer reconnects: the browser's gives up for good on any answer but 200
    source.onerror = () => source === this.source && this.lost(source.readyState === EventSource.CLOSED);
    for (const name of Object.keys(this.options.handlers)) {
      source.addEventListener(name, (event) => this.receive(name, event));
    }
    source.addEventListener("clock", (event) => this.receive("clock", event));
    source.addEventListener("resync", () => this.resync());
    source.addEventListener("read_only", () => (readOnly.value = true));
  }

  opened() {
    const since = this.downSince.value;
    const seen = since !== null && serverNow() - since >= QUIET_MS;
    this.heard();
    this.tries = 0;
    this.replayed = 0;
    if (seen) setTimeout(() => this.showCaughtUp(), CATCH_UP_MS);
  }

  showCaughtUp() {
    if (this.downSince.value !== null) return;
    this.caughtUp.value = this.replayed;
    setTimeout(() => (this.caughtUp.value = null), NOTE_MS);
  }

  heard() {
    this.heardAt.value = serverNow();
    this.downSince.value = null;
  }

  /** @param {string} name @param {MessageEvent} event */
  receive(name, event) {
    this.heard();
    if (event.lastEventId) this.lastId = event.lastEventId;
    const data = JSON.parse(event.data);
    if (data && typeof data.now_ms === "number") syncClock(data.now_ms);
    if (name === "clock") return;
    this.replayed += 1;
    this.options.handlers[name](data);
  }

  /** The server no longer has our place in the stream: begin again with a snapshot. */
  resync() {
    this.refetch = true;
    this.connectIn(0);
  }

  /** While tasks cannot be changed nothing is streamed: ask again until they can. */
  probe() {
    this.refetch = true;
    this.connectIn(PROBE_MS * (0.75 + Math.random() / 2));
  }

  checkSilence() {
    if (this.source && serverNow() - this.heardAt.value > SILENCE_MS) this.lost();
  }

  /** @param {boolean} [refused] the server answered and said no: ask the snapshot why */
  lost(refused = false) {
    if (this.downSince.value === null) this.downSince.value = serverNow();
    if (refused) this.refetch = true;
    const wait = BACKOFF_MS[Math.min(this.tries, BACKOFF_MS.length - 1)];
    this.tries += 1;
    // jitter, so that a restarted server does not meet every desk in the same instant
    this.connectIn(wait * (0.75 + Math.random() / 2));
  }

  /** @param {number} ms */
  connectIn(ms) {
    if (this.fatal.value) return;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.timer = setTimeout(() => this.connect(), ms);
  }
}
