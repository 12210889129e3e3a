// Out of service: why customers are turned away, what they can do, and the code for the staff.

import { icon, make } from "../dom.js";

export const closed = {
  identity: (screen) => screen.trouble.code,

  draw(view, { say }) {
    const { trouble } = view.screen;
    const body = make("div", { class: "verdict failed" },
      make("div", { class: "card" },
        icon("failed", "picture large"),
        make("div", { class: "words" },
          make("p", { class: "said" }, trouble.text[view.language]),
          make("p", { class: "remedy" }, trouble.remedy[view.language]),
          make("p", { class: "code" }, `${say("code")} ${trouble.code}`))),
      make("p", { class: "staff" }, say("closed_staff")));
    return { title: say("closed_title"), lead: say("closed_lead"), body };
  },
};
