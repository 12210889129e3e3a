// Nobody is here: what this machine does, who receives the data, and one large button.

import { button, icon, make } from "../dom.js";

export const attract = {
  identity: () => "",

  draw(view, { say, act }) {
    const step = (name, text) => make("li", {}, icon(name, "picture"), make("span", {}, text));
    const start = button("primary huge", say("attract_start"), () => act({ action: "start" }), { id: "start" });
    const body = make("div", { class: "welcome" },
      make("ol", { class: "plan" },
        step("phone-code", say("attract_code")),
        step("card", say("attract_card")),
        step("person-check", say("attract_check"))),
      make("div", { class: "actions" }, start),
      make("p", { class: "privacy" }, icon("lock"), make("span", {}, say("attract_privacy"))));
    return { title: say("attract_title"), lead: say("attract_lead"), body, first: start };
  },
};
