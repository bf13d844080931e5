// @ts-check
/** A case that a rule has opened is closed by whoever has seen to it, with a reason. */
import { postJson } from "./api.js";
import { asking, reasonField } from "./ask.js";
import { notify } from "./notices.js";

/** Who may close one; the server checks it again. */
export const canClose = ["agent", "supervisor", "admin"].includes(document.body.dataset.role ?? "");

/** @param {{mention_id:string,about:string,text:string}} line the one that opened it @param {() => void} after */
export function askClose({ mention_id, about, text }, after) {
  asking.value = {
    title: "Close the case",
    about: text,
    first: { reason: "" },
    fields: () => [reasonField("How it ended")],
    confirm: () => "Close the case",
    run: async ({ reason }, key) => {
      await postJson(`/api/v1/mentions/${encodeURIComponent(mention_id)}/cases/${encodeURIComponent(about)}/close`, { reason }, key);
      notify("info", "The case is closed, and the timeline tells in a moment.");
      after();
    },
  };
}
