// @ts-check
/** Imports as the server has them: the list, the one that is looked at, and what is done to it. */
import { signal } from "../vendor/vendor.js";
import { ApiError, getJson, postJson } from "./api.js";
import { notify } from "./notices.js";
import { Poll } from "./poll.js";

/**
 * @typedef {{source:string,at_ms:number,mapping:Record<string,string>,encoding:string,delimiter:string}} Form
 * @typedef {{headers:string[],problems:string[],rows:{line:number,cells:string[],problem:string}[]}} Preview
 * @typedef {{id:string,file:string,form:Form,state:string,dry:boolean,bytes:number,bytes_done:number,rows_done:number,
 *   counts:Record<string,number>,problem:string,made_by:string,made_ms:number,ended_ms:number,kept:boolean,
 *   preview?:Preview|null,fields?:string[]}} Import
 */

export const ROOT = "/api/v1/imports";
const EVERY_MS = 1_000;

export const runs = signal(/** @type {Import[]} */ ([]));
export const mappings = signal(/** @type {Record<string, Record<string,string>>} */ ({}));
/** The import that is looked at, with its preview. */
export const chosen = signal(/** @type {Import|null} */ (null));
/** What its columns become, as the reader has it now. */
export const mapping = signal(/** @type {Record<string,string>} */ ({}));
export const source = signal("crm");
/** The share of an upload that the server has; null: none is under way. */
export const sent = signal(/** @type {number|null} */ (null));
export const problem = signal("");

/** Who may import; the server checks it again. */
export const mayImport = ["supervisor", "admin"].includes(document.body.dataset.role ?? "");

async function ask() {
  const found = await getJson(ROOT);
  runs.value = found.imports;
  mappings.value = found.mappings;
  const here = runs.value.find((run) => run.id === chosen.value?.id);
  if (!here || !chosen.value) return;
  const ended = chosen.value.state === "running" && here.state !== "running";
  chosen.value = { ...chosen.value, ...here };
  if (ended) await choose(here.id);
}
export const poll = new Poll(ask, () => EVERY_MS);

/** @param {string} id */
export async function choose(id) {
  const found = /** @type {Import} */ (await getJson(`${ROOT}/${encodeURIComponent(id)}`));
  if (chosen.value?.id !== id) {
    mapping.value = found.form.mapping;
    source.value = found.form.source;
  }
  chosen.value = found;
  problem.value = "";
}

/** Sends a file as it is; the browser reads it piece by piece. @param {File} file */
export function upload(file) {
  const asked = new URLSearchParams({ file: file.name, modified_ms: String(file.lastModified) });
  const request = new XMLHttpRequest();
  request.open("POST", `${ROOT}?${asked}`);
  request.responseType = "json";
  request.upload.onprogress = (event) => (sent.value = event.total ? event.loaded / event.total : 0);
  request.onloadend = () => {
    sent.value = null;
    const answer = request.response;
    if (request.status === 200) void taken(answer);
    else problem.value = answer?.detail ?? "The file did not reach the server. Try again.";
  };
  sent.value = 0;
  problem.value = "";
  request.send(file);
}

/** @param {Import} found */
async function taken(found) {
  mapping.value = found.form.mapping;
  source.value = found.form.source;
  chosen.value = found;
  await poll.once();
}

/** @param {boolean} dry @param {string} keep */
export const start = (dry, keep) => acted(async (run) => {
  const body = { source: source.value, mapping: mapping.value, dry, keep };
  chosen.value = { ...run, ...(await postJson(`${ROOT}/${run.id}/start`, body)) };
});

export const cancel = () => acted(async (run) => {
  await postJson(`${ROOT}/${run.id}/cancel`, {});
  notify("info", "It ends with the rows in hand; what was taken stays.");
});

/** @param {(run:Import) => Promise<void>} work */
async function acted(work) {
  if (!chosen.value) return;
  problem.value = "";
  try {
    await work(chosen.value);
    await poll.once();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem.value = error.message;
  }
}
