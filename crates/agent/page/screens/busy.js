// The bank is busy and trying is over: the customer waits on, or stops. Either is one touch.

import { button, icon, make } from "../dom.js";

export const busy = {
  identity: (screen) => screen.trouble.code,

  draw(view, { say, act }) {
    const { trouble } = view.screen;
    const wait = button("primary", [icon("clock"), say("busy_wait")], () => act({ action: "keep_waiting" }), { id: "wait" });
    const stop = button("plain", [icon("cancel"), say("busy_stop")], () => act({ action: "cancel" }), { id: "give-up" });
    const body = make("div", { class: "waiting" },
      icon("clock", "picture large"),
      make("p", { class: "said" }, say("busy_text")),
      make("p", { class: "code" }, `${say("code")} ${trouble.code}`));
    return { title: trouble.text[view.language], lead: say("busy_lead"), body, actions: [stop, wait], first: wait };
  },
};
