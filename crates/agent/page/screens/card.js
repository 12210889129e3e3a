// The card: which way round it goes in, and that it is being read.

import { icon, make } from "../dom.js";
import { notice } from "./notice.js";

export const insertCard = {
  identity: (screen) => `${screen.trouble?.key}`,

  draw(view, { say }) {
    const body = make("div", { class: "slot" },
      notice(view.screen.trouble, view.language),
      make("div", { class: "reader" }, icon("card-down", "moving-card"), icon("reader", "slit")));
    return { title: say("insert_title"), lead: say("insert_lead"), body };
  },
};

export const reading = {
  identity: () => "",

  draw(view, { say }) {
    const bar = make("progress", { max: "100", "aria-label": say("reading_title") });
    const percent = make("p", { class: "percent" });
    const update = ({ screen }) => {
      if (screen.percent > 0) {
        bar.value = screen.percent;
        percent.textContent = say("reading_percent", { n: screen.percent });
      } else {
        bar.removeAttribute("value");
        percent.textContent = "";
      }
    };
    update(view);
    const body = make("div", { class: "waiting" }, icon("card", "picture large"), bar, percent);
    return { title: say("reading_title"), lead: say("reading_lead"), body, update };
  },
};
