// Screens on which the customer has nothing to do but wait.

import { icon, make } from "../dom.js";

function wait(name, picture) {
  return {
    identity: () => "",

    draw(view, { say }) {
      const again = make("p", { class: "again", role: "status" });
      const update = ({ screen }) => {
        again.replaceChildren(...(screen.again ? [icon("clock"), say("again")] : []));
      };
      update(view);
      const body = make("div", { class: "waiting" },
        make("div", { class: "turning" }, icon(picture, "picture large"), make("span", { class: "ring" })), again);
      return { title: say(`${name}_title`), lead: say(`${name}_lead`), body, update };
    },
  };
}

export const checking = wait("checking", "bank");
export const dopa = wait("dopa", "card");
export const sending = wait("sending", "send");
export const lost = wait("lost", "failed");

/** Only a new start from the machine's own address helps. */
export const unpaired = {
  identity: () => "",
  draw: (view, { say }) => ({
    title: say("unpaired_title"),
    lead: say("unpaired_lead"),
    body: make("div", { class: "waiting" }, icon("lock", "picture large")),
  }),
};
