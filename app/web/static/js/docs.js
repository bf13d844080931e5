// @ts-check
/** The API's pages, drawn from its OpenAPI description. */
import { html, render } from "../vendor/vendor.js";
import { getJson } from "./api.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH = 3; // nested objects below this are named, not unfolded

/** @typedef {Record<string, any>} Json */

/** Follows a local reference. @param {Json} spec @param {Json|undefined} node @returns {Json} */
function resolve(spec, node) {
  if (!node?.$ref) return node ?? {};
  const path = node.$ref.replace(/^#\//, "").split("/");
  return path.reduce((/** @type {any} */ at, /** @type {string} */ part) => at?.[part], spec) ?? {};
}

/** @param {Json} node */
const refName = (node) => node.$ref?.split("/").pop();

/** `string`, `Card`, `list of Queue`, `"a" | "b"`. @param {Json} node @returns {string} */
function typeText(node) {
  if (refName(node)) return refName(node);
  if (node.enum) return node.enum.map((/** @type {any} */ value) => JSON.stringify(value)).join(" | ");
  if (node.const !== undefined) return JSON.stringify(node.const);
  const options = node.oneOf ?? node.anyOf;
  if (options) return options.map(typeText).join(" or ");
  if (node.type === "array") return `list of ${typeText(node.items ?? {})}`;
  const type = [node.type ?? "any"].flat().join(" or ");
  return node.format ? `${type} (${node.format})` : type;
}

/** @param {{spec:Json,node:Json,depth?:number}} props */
function Schema({ spec, node, depth = 0 }) {
  const solved = resolve(spec, node);
  const properties = Object.entries(solved.properties ?? {});
  if (properties.length === 0) {
    const items = resolve(spec, solved.items);
    if (!items.properties) return html`<p><code>${typeText(solved)}</code></p>`;
    return html`<p class="muted">${typeText(solved)}</p><${Schema} spec=${spec} node=${items} depth=${depth} />`;
  }
  return html`<dl class="schema">${properties.map(([name, child]) => html`
    <div>
      <dt><code>${name}</code>${solved.required?.includes(name) && html`<span class="tag plain">required</span>`}</dt>
      <dd><code class="muted">${typeText(child)}</code> ${child.description}
        ${depth < DEPTH && child.properties && html`<${Schema} spec=${spec} node=${child} depth=${depth + 1} />`}</dd>
    </div>`)}</dl>`;
}

/** @param {{spec:Json,content:Json|undefined}} props */
const Content = ({ spec, content }) => html`${Object.entries(content ?? {}).map(([type, media]) => html`
  <div class="content"><span class="tag plain">${type}</span>
    <${Schema} spec=${spec} node=${media.schema ?? {}} /></div>`)}`;

/** @param {{spec:Json,list:Json[]}} props */
function Parameters({ spec, list }) {
  if (list.length === 0) return null;
  return html`<h4>Parameters</h4><dl class="schema">
    ${list.map((raw) => resolve(spec, raw)).map((parameter) => html`<div>
      <dt><code>${parameter.name}</code><span class="tag plain">${parameter.in}</span>
        ${parameter.required && html`<span class="tag plain">required</span>`}</dt>
      <dd><code class="muted">${typeText(parameter.schema ?? {})}</code> ${parameter.description}</dd>
    </div>`)}</dl>`;
}

/** @param {{spec:Json,path:string,method:string,operation:Json,shared:Json[]}} props */
function Operation({ spec, path, method, operation, shared }) {
  const body = resolve(spec, operation.requestBody);
  return html`<details class="operation" data-testid="docs-operation">
    <summary><span class="method" data-method=${method}>${method.toUpperCase()}</span>
      <code>${path}</code><span class="muted">${operation.summary}</span></summary>
    <div class="operation-body">
      ${operation.description && html`<p class="prose">${operation.description}</p>`}
      <${Parameters} spec=${spec} list=${[...shared, ...(operation.parameters ?? [])]} />
      ${body.content && html`<h4>Request</h4><${Content} spec=${spec} content=${body.content} />`}
      <h4>Answers</h4>
      ${Object.entries(operation.responses ?? {}).map(([status, raw]) => {
        const response = resolve(spec, raw);
        return html`<div class="response"><code class="status">${status}</code>
          <div><p>${response.description}</p><${Content} spec=${spec} content=${response.content} /></div></div>`;
      })}
    </div>
  </details>`;
}

/** Operations by tag, in the order of the description. @param {Json} spec */
function grouped(spec) {
  const groups = /** @type {Map<string, any[]>} */ (new Map());
  for (const [path, item] of Object.entries(spec.paths ?? {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const tag = operation.tags?.[0] ?? "API";
      groups.set(tag, [...(groups.get(tag) ?? []), { path, method, operation, shared: item.parameters ?? [] }]);
    }
  }
  return [...groups];
}

/** @param {{spec:Json}} props */
function Docs({ spec }) {
  const schemas = Object.entries(spec.components?.schemas ?? {});
  return html`
    <header class="docs-head"><h1>${spec.info?.title ?? "API"}</h1>
      <span class="tag">${spec.info?.version}</span><span class="tag">OpenAPI ${spec.openapi}</span>
      <a href="/api/v1/openapi.json">openapi.json</a></header>
    ${spec.info?.description && html`<p class="prose">${spec.info.description}</p>`}
    ${grouped(spec).map(([tag, list]) => html`<section><h2>${tag}</h2>
      ${list.map((each) => html`<${Operation} spec=${spec} ...${each} />`)}</section>`)}
    ${schemas.length > 0 && html`<section><h2>Schemas</h2>
      ${schemas.map(([name, node]) => html`<details class="operation">
        <summary><code>${name}</code><span class="muted">${node.description}</span></summary>
        <div class="operation-body"><${Schema} spec=${spec} node=${node} /></div></details>`)}</section>`}
  `;
}

const root = /** @type {HTMLElement} */ (document.querySelector("#docs"));
try {
  const spec = await getJson("/api/v1/openapi.json");
  render(html`<${Docs} spec=${spec} />`, root);
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  render(html`<p class="problem" role="alert">The description cannot be read: ${text}</p>`, root);
}
