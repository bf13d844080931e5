// @ts-check
/** Moving through the rows by keyboard. */

/** @returns {HTMLButtonElement[]} */
const buttons = () => [...document.querySelectorAll(".rule-open")].map((one) => /** @type {HTMLButtonElement} */ (one));

/** The row gets the focus once the table is drawn again. @param {string|undefined} id */
export function focusRow(id) {
  if (id === undefined) return;
  setTimeout(() => {
    const line = [...document.querySelectorAll("[data-testid=rule-row]")].find((one) => /** @type {HTMLElement} */ (one).dataset.rowId === id);
    /** @type {HTMLElement|null|undefined} */ (line?.querySelector(".rule-open"))?.focus();
  });
}

/** The next row, or the one before; from nowhere the first. @param {-1|1} by */
export function step(by) {
  const all = buttons();
  if (all.length === 0) return;
  const now = all.findIndex((one) => one === document.activeElement);
  const next = all[now < 0 ? 0 : Math.min(all.length - 1, Math.max(0, now + by))];
  next.focus();
  next.closest("tr")?.scrollIntoView({ block: "nearest" });
}
