// @ts-check
/** Rows of two sets of rules beside each other: added, removed, changed, asked elsewhere. */

/** @typedef {import("./rules-types.js").Row} Row */
/** @typedef {import("./rules-types.js").Changes} Changes */

/** The same words for the same row, whatever the order of its keys. @param {any} value @returns {string} */
export const canonical = (value) => JSON.stringify(value, (_key, inner) =>
  inner && typeof inner === "object" && !Array.isArray(inner)
    ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
    : inner);

/** @param {Row[]} rows */
const byId = (rows) => new Map(rows.map((row) => [String(row.id ?? ""), row]));

/** @param {Row[]} before @param {Row[]} after @returns {Changes} */
export function compare(before, after) {
  const [old, now] = [byId(before), byId(after)];
  const common = [...now.keys()].filter((id) => old.has(id));
  const changed = common.filter((id) => canonical(old.get(id)) !== canonical(now.get(id)));
  return {
    added: [...now].filter(([id]) => !old.has(id)).map(([, row]) => row),
    removed: [...old].filter(([id]) => !now.has(id)).map(([, row]) => row),
    changed: changed.map((id) => ({ from: /** @type {Row} */ (old.get(id)), to: /** @type {Row} */ (now.get(id)) })),
    moved: movedOf([...old.keys()].filter((id) => now.has(id)), common),
  };
}

/** @param {Changes} changes */
export const countOf = (changes) =>
  changes.added.length + changes.removed.length + changes.changed.length + changes.moved.length;

/** `1 changed, 2 added`. @param {Changes} changes */
export function changesText(changes) {
  const parts = /** @type {const} */ (["changed", "added", "removed", "moved"])
    .filter((kind) => changes[kind].length > 0).map((kind) => `${changes[kind].length} ${kind}`);
  return parts.join(", ") || "no row differs";
}

/** Of two orders of the same ids, the fewest that must have moved. @param {string[]} before @param {string[]} after */
function movedOf(before, after) {
  const place = new Map(before.map((id, at) => [id, at]));
  const stayed = new Set(longestRising(after.map((id) => /** @type {number} */ (place.get(id)))).map((at) => before[at]));
  return after.filter((id) => !stayed.has(id));
}

/** The longest rising run of numbers, not necessarily neighbours. @param {number[]} numbers */
function longestRising(numbers) {
  const best = numbers.map(() => 1);
  const from = numbers.map(() => -1);
  let end = -1;
  numbers.forEach((number, at) => {
    for (let i = 0; i < at; i += 1) {
      if (numbers[i] < number && best[i] + 1 > best[at]) [best[at], from[at]] = [best[i] + 1, i];
    }
    if (end < 0 || best[at] > best[end]) end = at;
  });
  const found = [];
  for (let at = end; at >= 0; at = from[at]) found.unshift(numbers[at]);
  return found;
}

const TABLE_KEYS = ["file", "kind", "id", "when", "then", "why"];

/** What a row says, field by field, as people read it. @param {Row} row @returns {[string, string][]} */
export function fieldsOf(row) {
  const more = Object.keys(row).filter((key) => !TABLE_KEYS.includes(key));
  const then = Object.entries(row.then ?? {}).map(([key, value]) => [`then ${key}`, textOf(value)]);
  return /** @type {[string, string][]} */ ([
    ["when", textOf(row.when)],
    ...then,
    ...more.map((key) => [key, textOf(row[key])]),
    ["why", textOf(row.why)],
  ]).filter(([, text]) => text !== "");
}

/** @param {any} value @returns {string} */
export function textOf(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * The fields in which two forms of a row differ.
 * @param {Row} from @param {Row} to @returns {{field:string,before:string,after:string}[]}
 */
export function fieldChanges(from, to) {
  const [before, after] = [new Map(fieldsOf(from)), new Map(fieldsOf(to))];
  if (from.file !== to.file) [before.set("file", from.file), after.set("file", to.file)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => before.get(field) !== after.get(field))
    .map((field) => ({ field, before: before.get(field) ?? "", after: after.get(field) ?? "" }));
}
