// @ts-check
/** How long a task may rest: choices that people have, as the server takes them. */
import { reasonField } from "./ask.js";

/** @typedef {import("./ask.js").Field} Field */

const MORNING_HOUR = 9;
const OTHER = "other";

/** The next morning, here. */
function tomorrow() {
  const date = new Date();
  date.setDate(date.getDate() + 1);
  date.setHours(MORNING_HOUR, 0, 0, 0);
  return date;
}

const LENGTHS = [
  { value: "15", label: "15 minutes" },
  { value: "60", label: "1 hour" },
  { value: "240", label: "4 hours" },
  { value: "tomorrow", label: "Until tomorrow, 09:00" },
  { value: "4320", label: "3 days" },
  { value: "10080", label: "A week" },
  { value: OTHER, label: "Until another moment" },
];

export const PARK_FIRST = { length: "60" };

/** @param {Record<string, string>} [values] @returns {Field[]} */
export const parkFields = (values = {}) => [
  { name: "length", label: "How long", kind: "select", options: LENGTHS },
  ...(values.length === OTHER ? [/** @type {Field} */ ({ name: "until", label: "Until", kind: "when" })] : []),
  reasonField(),
];

/** @param {Record<string, string>} values */
export function parkBody({ length, until, reason, customer }) {
  const rest = customer === "yes" ? { reason, waits_for: "customer" } : { reason };
  if (length === "tomorrow") return { until: tomorrow().toISOString(), ...rest };
  if (length === OTHER) return { until: new Date(until).toISOString(), ...rest };
  return { minutes: Number(length), ...rest };
}
