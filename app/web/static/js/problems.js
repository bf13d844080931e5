// @ts-check
/** What a refusal means, in a sentence for people; the codes are the server's. */

const SENTENCES = /** @type {Record<string, string>} */ ({
  taken: "Somebody was faster: another agent has taken this task.",
  already_accepted: "You have already taken this task in another window.",
  expired: "Time ran out: this is no longer offered to you.",
  not_yours: "Another agent has this task, or it is no longer offered to you.",
  wrong_state: "That is not possible now: the task has moved on.",
  stale_version: "The task has changed meanwhile. Look at it again, then repeat.",
  has_offer: "This agent is looking at another offer. Try again in a moment.",
  not_available: "This agent is not available now.",
  no_room: "This agent has no room for this task.",
  cannot_take: "This colleague lacks the queue or the skills for this task.",
  too_late: "That moment has passed already. Choose a later one.",
  bounced: "This task was handed on too often: from here it can only stay in Escalation.",
  key_reused: "This was sent before with other words. Nothing was changed; try again.",
  unknown_rep: "This agent is not at work here.",
  unknown_task: "This task is no longer there.",
  already_joined: "Both belong to one person already.",
  already_apart: "Somebody has said before that they are not the same.",
  told_apart: "Somebody said that two of their ids are not the same: decide on those first.",
  unknown_join: "This join is no longer in effect.",
  unknown_person: "Nobody is known by this id.",
  read_only: "Tasks cannot be changed just now. Nothing was changed; try again soon.",
  unknown_outcome: "It is not known whether this was done. Try again soon: nothing is done twice.",
  unavailable: "A part of Handshake is away. Nothing was changed; try again soon.",
});

/** @param {string} code @param {string} otherwise the server's own words */
export const sentence = (code, otherwise) => SENTENCES[code] ?? otherwise;

const CAUSES = /** @type {Record<string, string>} */ ({
  nobody_has_skills: "nobody has the skills that it needs",
  nobody_serves: "nobody serves this queue",
  nobody_is_here: "nobody who could take it is here",
  everybody_is_paused: "everybody who could take it is paused",
  everybody_declined: "everybody who could take it has declined",
  everybody_is_full: "everybody who could take it is at their limit",
});

/** Why a task finds nobody. @param {string} cause */
export const causeText = (cause) => CAUSES[cause] ?? cause.replaceAll("_", " ");
