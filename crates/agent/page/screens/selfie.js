// The camera as a mirror, an oval to fit into, and one hint at a time. The agent takes the picture.

import { icon, make } from "../dom.js";
import { CameraView } from "./camera.js";
import { notice } from "./notice.js";

/** The preview is a mirror, so the head goes where the arrow points. */
const SIGNS = { turn_left: "turn-left", turn_right: "turn-right" };

export const selfie = {
  identity: (screen) => `${screen.left} ${screen.trouble?.key}`,

  draw(view, { say }) {
    const camera = new CameraView(say("selfie_view"));
    const hint = make("p", { class: "hint", role: "status" });
    const update = ({ screen }) => {
      const text = screen.hint === null ? say("selfie_lead") : say(`hint_${screen.hint}`);
      if (hint.textContent !== text) hint.replaceChildren(icon(SIGNS[screen.hint] ?? "face"), text);
    };
    update(view);
    const { trouble, left } = view.screen;
    const tries = trouble === null ? null
      : make("p", { class: "tries" }, left > 0 ? say("selfie_left", { n: left }) : say("selfie_last"));
    const body = make("div", { class: "mirror" },
      notice(trouble, view.language),
      make("div", { class: "glass" }, camera.element, make("span", { class: "oval" })),
      hint, tries);
    return {
      title: say("selfie_title"), body, update,
      entered: () => camera.start(),
      leave: () => camera.stop(),
    };
  },
};
