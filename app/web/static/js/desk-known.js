// @ts-check
/** All that is known of a customer, side by side: what each source says, and since when. */
import { html, useEffect, useState } from "../vendor/vendor.js";
import { ApiError, getJson } from "./api.js";
import { serverNow } from "./clock.js";
import { count, dateTime, duration, percent, words } from "./format.js";

/**
 * @typedef {{value:any,source:string,at_ms:number,seen_ms:number,confidence:number}} Said
 * @typedef {{facts:Record<string,{differ:boolean,said:Said[]}>,contested:Record<string,string[]>,household:string[]}} Known
 */

/** @param {any} value */
function shown(value) {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "number" ? count(value) : String(value);
}

/** Whose word it is, how old and how sure. @param {Said} said */
function origin(said) {
  const sure = said.confidence < 1 ? `, ${percent(said.confidence)} sure` : "";
  return `${said.source}, ${duration(serverNow() - said.seen_ms)} ago${sure}`;
}

/** @param {{said:Said}} props */
const Fact = ({ said }) => html`<li><span dir="auto">${shown(said.value)}</span>${" "}
  <span class="small-note" title=${`since ${dateTime(new Date(said.at_ms).toISOString())}`}>${origin(said)}</span></li>`;

/** @param {{known:Known}} props */
const Facts = ({ known }) => html`<dl class="known">
  ${Object.entries(known.facts).map(([field, { differ, said }]) => html`<div key=${field} data-testid="known-fact" data-field=${field}>
    <dt>${words(field)}${differ && html` <b>sources differ</b>`}</dt>
    <dd><ul>${said.map((one) => html`<${Fact} said=${one} />`)}</ul></dd></div>`)}
  ${Object.entries(known.contested).map(([handle, others]) => html`<div key=${handle} data-testid="known-contested">
    <dt><b>Claimed twice</b></dt><dd dir="auto">${handle}: ${others.join(", ")}</dd></div>`)}
  ${known.household.length > 0 && html`<div><dt>Same household</dt><dd dir="auto">${known.household.join(", ")}</dd></div>`}
</dl>`;

/** Asked for when somebody wants to see it, and not before. @param {{customer:string}} props */
export function KnownFacts({ customer }) {
  const [open, setOpen] = useState(false);
  const [known, setKnown] = useState(/** @type {Known|null} */ (null));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (!open) return undefined;
    let here = true;
    getJson(`/api/v1/people/${encodeURIComponent(customer)}/profile`).then(
      (found) => here && setKnown(found),
      (error) => {
        if (!(error instanceof ApiError)) throw error;
        if (here) setProblem(error.message);
      },
    );
    return () => (here = false);
  }, [open, customer]);
  return html`<details class="known-facts" data-testid="known-facts"
      onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
    <summary>By source and age</summary>
    ${problem && html`<p class="muted" role="status">${problem}</p>`}
    ${known && html`<${Facts} known=${known} />`}</details>`;
}
