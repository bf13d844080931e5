// @ts-check
/** The login page: a demo user's row fills in the form. */

for (const row of document.querySelectorAll("[data-fill-name]")) {
  row.addEventListener("click", () => {
    if (!(row instanceof HTMLElement)) return;
    const form = /** @type {HTMLFormElement} */ (document.querySelector("#login"));
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    field("name").value = row.dataset.fillName ?? "";
    field("password").value = row.dataset.fillPassword ?? "";
    /** @type {HTMLElement} */ (form.querySelector("button[type=submit]")).focus();
  });
}
