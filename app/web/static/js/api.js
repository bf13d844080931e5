// @ts-check
/** HTTP calls to the server: problem objects as errors, one idempotency key per user action. */
import { signal } from "../vendor/vendor.js";
import { sentence } from "./problems.js";

const TIMEOUT_MS = 10_000; // a desk action that takes longer is better retried than waited for
const RETRY_WAITS_MS = [300, 900]; // two quick tries more: a web process restarts in about a second
const GATEWAY = new Set([502, 504]); // an answer of a proxy: the server may or may not have acted
const NO_VERDICT = new Set([401, 429, 500, 503]); // refused before anybody looked for an earlier try
/** Keys of actions that may have been done: a later try that is turned away says nothing of them. */
const inDoubt = /** @type {Set<string>} */ (new Set());

/** The session ended: the page says so and keeps what was typed. */
export const signedOut = signal(false);

/** Tasks can be seen but not changed: their store is away, full or being rebuilt. */
export const readOnly = signal(false);

/** An error with the server's own words; `unknown` means it may have acted nevertheless. */
export class ApiError extends Error {
  /** @param {{status:number,code:string,title:string,detail?:string,unknown?:boolean,errors?:any[]}} problem */
  constructor(problem) {
    super(sentence(problem.code, problem.detail || problem.title));
    this.status = problem.status;
    this.code = problem.code;
    this.unknown = problem.unknown ?? false;
    /** What is wrong, one by one, where the server says so. */
    this.errors = problem.errors ?? [];
  }
}

/** A random key that names one user action, so that the server acts on it once. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // randomUUID exists on https and localhost only; a desk opened by LAN address comes here
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Response} response */
async function toError(response) {
  if (response.status === 401) signedOut.value = true;
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // not JSON: the status alone has to do
  }
  const error = new ApiError({
    code: "http_error",
    title: `The server answered ${response.status}.`,
    ...problem,
    status: response.status,
  });
  error.unknown = GATEWAY.has(error.status) || error.code === "unknown_outcome";
  // the feed finds out when it is over
  if (error.code === "read_only" || error.code === "unknown_outcome") readOnly.value = true;
  return error;
}

const networkError = () =>
  new ApiError({
    status: 0,
    code: "network",
    title: "The server cannot be reached. Nothing you typed is lost.",
    unknown: true,
  });

/**
 * @param {string} path
 * @param {RequestInit} init
 */
async function once(path, init) {
  let response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw networkError();
  }
  if (!response.ok) throw await toError(response);
  return response.json();
}

/**
 * One try of an action; its outcome stays unknown until the server has spoken of this very key.
 * @param {string} path
 * @param {RequestInit} init
 * @param {string} key
 */
async function tryOnce(path, init, key) {
  try {
    const answer = await once(path, init);
    inDoubt.delete(key);
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, unknown } = error;
    if (unknown) inDoubt.add(key);
    else if (!NO_VERDICT.has(status)) inDoubt.delete(key);
    if (unknown || !inDoubt.has(key)) throw error;
    throw new ApiError({ status, code: "unknown_outcome", title: "", unknown: true });
  }
}

/** @param {number} ms */
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Repeats with the same request, hence the same key, while the outcome is unknown.
 * @param {string} path
 * @param {RequestInit} init
 * @param {string} key
 */
async function withRetry(path, init, key) {
  for (const wait of RETRY_WAITS_MS) {
    try {
      return await tryOnce(path, init, key);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.unknown || readOnly.value) throw error;
      await sleep(wait);
    }
  }
  return tryOnce(path, init, key);
}

/** @param {string} path */
export function getJson(path) {
  return once(path, { headers: { Accept: "application/json" }, cache: "no-store" });
}

/**
 * @param {string} path
 * @param {object} body
 * @param {string} [key] give the key of the first try when the user presses Retry
 */
export const postJson = (path, body, key = newKey()) => sendJson("POST", path, body, key);

/**
 * The same for what takes the place of something; the server knows the key of an earlier try.
 * @param {string} path @param {object} body @param {string} [key]
 */
export const putJson = (path, body, key = newKey()) => sendJson("PUT", path, body, key);

/** @param {"POST"|"PUT"} method @param {string} path @param {object} body @param {string} key */
function sendJson(method, path, body, key) {
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json",
    "Idempotency-Key": key,
  };
  return withRetry(path, { method, headers, body: JSON.stringify(body) }, key);
}

/**
 * Changes something that has an ETag: refused where somebody was faster, so never sent twice.
 * @param {"POST"|"PUT"|"DELETE"} method @param {string} path @param {object} body
 * @param {number} edit the edit that was seen
 */
export function editJson(method, path, body, edit) {
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json",
    "If-Match": `"${edit}"`,
  };
  return once(path, { method, headers, body: JSON.stringify(body) });
}

/** @param {string} path */
export const deleteJson = (path) => once(path, { method: "DELETE", headers: { Accept: "application/json" } });

/** @param {string} id @param {string} verb */
export const taskPath = (id, verb) => `/api/v1/tasks/${encodeURIComponent(id)}/${verb}`;
