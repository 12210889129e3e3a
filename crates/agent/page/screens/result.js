// How it ended: a shape, a word and a colour of its own for each outcome, what to do, and the code.

import { button, icon, make } from "../dom.js";

export const result = {
  identity: (screen) => JSON.stringify(screen),

  draw(view, { say, act }) {
    const { screen, language, profile } = view;
    const take = make("p", { class: "take", role: "status" });
    const update = ({ card }) => {
      take.replaceChildren(...(card === "present" ? [icon("card-out", "picture"), say("result_card")] : []));
    };
    update(view);
    const finish = button("primary", say(profile === "counter" ? "result_next" : "result_finish"),
      () => act({ action: "cancel" }), { id: "finish" });
    const copy = screen.copies > 0 && screen.slip !== null
      ? button("plain", say("result_copy"), () => act({ action: "reprint" }), { id: "reprint" })
      : null;
    const body = make("div", { class: `verdict ${screen.outcome}` },
      make("div", { class: "card" },
        icon(screen.outcome, "picture large"),
        make("div", { class: "words" },
          // After a success the title has said it.
          screen.failure === null ? null : make("p", { class: "said" }, screen.said.text[language]),
          make("p", { class: screen.failure === null ? "said" : "remedy" }, screen.said.remedy[language]),
          screen.failure === null ? null : make("p", { class: "code" }, `${say("code")} ${screen.failure.code}`))),
      take,
      screen.slip === null ? null : slip(screen.slip, say));
    return {
      title: say(`result_${screen.outcome}`), body, actions: [copy, finish], first: finish, update,
      entered: () => { if (view.card === "present") sound(); },
    };
  },
};

function slip(lines, say) {
  return make("details", { class: "slip" },
    make("summary", { class: "button plain" }, say("result_slip")),
    make("pre", {}, lines.join("\n")));
}

/** Two short tones, so that nobody forgets the card. Browsers allow it only after a touch. */
function sound() {
  if (!navigator.userActivation?.hasBeenActive) return;
  const context = new AudioContext();
  const volume = context.createGain();
  volume.gain.value = 0.15;
  volume.connect(context.destination);
  for (const [at, pitch] of [[0, 880], [0.22, 1175]]) {
    const tone = context.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start(context.currentTime + at);
    tone.stop(context.currentTime + at + 0.15);
  }
  setTimeout(() => context.close(), 1_000);
}
