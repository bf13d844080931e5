// @ts-check
/** The keys that lead from each page to the others, as far as the rail has them. */

/** Follows a link of the rail, if this role has it. @param {string} path */
const go = (path) => document.querySelector(`.rail a[href="${path}"]`) && location.assign(path);

export const PLACES = [
  { keys: "g d", label: "Go to the desk", run: () => go("/desk") },
  { keys: "g f", label: "Go to the floor", run: () => go("/floor") },
  { keys: "g r", label: "Go to the rules", run: () => go("/rules") },
  { keys: "g p", label: "Go to the people", run: () => go("/people") },
  { keys: "g h", label: "Go to the history", run: () => go("/history") },
  { keys: "g l", label: "Go to the flights", run: () => go("/flights") },
  { keys: "g b", label: "Go to the labels", run: () => go("/labels") },
];
