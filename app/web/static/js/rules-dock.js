// @ts-check
/** Below the tables: what the draft changes, its back-test, the shadow, what people did by hand, the history. */
import { batch, effect, html, signal } from "../vendor/vendor.js";
import { BacktestPanel } from "./rules-backtest.js";
import { ChangeList } from "./rules-changes.js";
import { countOf } from "./rules-compare.js";
import { HistoryPanel } from "./rules-history.js";
import { OverridesPanel } from "./rules-overrides.js";
import { ShadowPanel } from "./rules-shadow.js";
import { changes, draft, live, opened } from "./rules-store.js";

/** @typedef {"changes"|"backtest"|"shadow"|"overrides"|"history"} Tab */

export const tab = signal(/** @type {Tab|null} */ (null));
/** Folded or not as somebody pressed it; by itself it makes room for an open row. */
const pressed = signal(/** @type {boolean|null} */ (null));
const WIDE = matchMedia("(min-width: 1200px)"); // below, the page scrolls as a whole
const isFolded = () => WIDE.matches && (pressed.value ?? opened.value !== null);

// what was unfolded beside one row folds again for the next
effect(() => {
  if (opened.value !== undefined && pressed.peek() === false) pressed.value = null;
});
const TABS = /** @type {[Tab, string][]} */ ([["changes", "Changes"], ["backtest", "Back-test"], ["shadow", "Shadow"], ["overrides", "By hand"], ["history", "History"]]);

function ChangesPanel() {
  if (!draft.value) return html`<p class="muted">No draft is open. A draft begins as the live version; publishing makes it the next one.</p>`;
  const onlyText = countOf(changes.value) === 0 && draft.value.digest !== live.value?.digest;
  return onlyText ? html`<p class="muted" data-testid="changes-text">Only comments or layout differ.</p>` : html`<${ChangeList} of=${changes.value} />`;
}

const PANELS = { changes: ChangesPanel, backtest: BacktestPanel, shadow: ShadowPanel, overrides: OverridesPanel, history: HistoryPanel };

/** What is open by itself: the draft's changes while there is one, else the history. @returns {Tab} */
const shown = () => tab.value ?? (draft.value ? "changes" : "history");

/** @param {Tab} name */
const open = (name) => batch(() => ((tab.value = name), (pressed.value = false)));

/** Arrows go from tab to tab, as people expect of them. @param {KeyboardEvent} event */
function arrow(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const at = TABS.findIndex(([name]) => name === shown());
  tab.value = TABS[(at + by + TABS.length) % TABS.length][0];
  /** @type {HTMLElement|null} */ (document.querySelector(`#tab-${tab.value}`))?.focus();
}

/** @param {{name:Tab,label:string}} props */
const TabButton = ({ name, label }) => html`<button type="button" role="tab" id=${`tab-${name}`} data-testid=${`tab-${name}`}
  aria-controls="dock-panel"
  aria-selected=${shown() === name} tabindex=${shown() === name ? 0 : -1} onClick=${() => open(name)}>
  ${label}${name === "changes" && draft.value && countOf(changes.value) > 0 && html`<span class="tab-count">${countOf(changes.value)}</span>`}</button>`;

export function Dock() {
  const [name, folded] = [shown(), isFolded()];
  return html`<section class="panel dock" aria-label="Draft and history">
    <div class="tabs"><div class="tab-list" role="tablist" aria-label="Draft and history" onKeyDown=${arrow}>
      ${TABS.map(([one, label]) => html`<${TabButton} key=${one} name=${one} label=${label} />`)}</div>
      <button type="button" class="fold" data-testid="dock-fold" aria-expanded=${!folded} aria-controls="dock-panel"
        onClick=${() => (pressed.value = !folded)}>${folded ? "Show" : "Hide"}</button></div>
    <div class="dock-panel" hidden=${folded} role="tabpanel" id="dock-panel" tabindex="0" aria-labelledby=${`tab-${name}`}
      data-testid="dock-panel"><${PANELS[name]} key=${name} /></div>
  </section>`;
}
