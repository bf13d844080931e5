// @ts-check
/** Icons from the vendored sprite, and which icon stands for a channel. */
import { html } from "../vendor/vendor.js";

/** First match wins; channels are configured by the user, so this goes by the name's parts. */
const CHANNEL_ICONS = /** @type {[RegExp, string][]} */ ([
  [/mail/, "mail"],
  [/phone|call|voice|transcript/, "phone"],
  [/sms|chat|whatsapp|message|dm/, "message-circle"],
  [/review|rating|store/, "star"],
  [/survey|form|nps/, "clipboard-list"],
  [/forum|comment|community/, "message-square"],
  [/^x$|twitter|mastodon|bluesky|facebook|instagram|social|post/, "at-sign"],
  [/web|site|portal/, "globe"],
]);

/** @param {{name:string}} props */
export const Icon = ({ name }) => html`
  <svg class="icon" aria-hidden="true"><use href=${`/static/vendor/icons.svg#${name}`} /></svg>
`;

/** @param {{channel:string}} props */
export function ChannelIcon({ channel }) {
  const found = CHANNEL_ICONS.find(([pattern]) => pattern.test(channel.toLowerCase()));
  return html`<span class="channel-icon" title=${channel}>
    <${Icon} name=${found ? found[1] : "hash"} /><span class="sr-only">${channel}: </span>
  </span>`;
}
