// @ts-check
/** The theme: the server draws the first page from the cookie, this switches it. */

const YEAR_S = 31_536_000; // a preference, not a secret: keep it long
const ORDER = /** @type {const} */ (["auto", "light", "dark"]);

/** @typedef {typeof ORDER[number]} Theme */

/** @returns {Theme} */
export function theme() {
  const set = document.documentElement.dataset.theme;
  return set === "light" || set === "dark" ? set : "auto";
}

/** Goes on to the next theme and remembers it. @returns {Theme} */
export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax`;
  return next;
}
