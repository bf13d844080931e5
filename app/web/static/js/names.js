// @ts-check
/** What we call people. */

/** @param {import("./types.js").Card} card */
export const customerName = (card) =>
  card.profile?.name || card.mention.author.name || card.mention.author.handle;
