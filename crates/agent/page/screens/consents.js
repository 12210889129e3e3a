// The consent texts: each whole, none answered beforehand, Yes and No the same size side by side.

import { button, icon, make } from "../dom.js";

export const consents = {
  identity: (screen) => screen.texts.map((text) => `${text.type} ${text.version} ${text.th.length}`).join("\n"),

  draw(view, { say, act, draft }) {
    const { texts } = view.screen;
    draft.answers ??= texts.map(() => null);
    draft.at ??= 0;
    const text = make("div", { class: "text", tabindex: "0", role: "region", "aria-label": say("consents_text") });
    const position = make("p", { class: "position", role: "status" });
    const yes = button("choice", [icon("yes"), say("consents_yes")], () => answer("Y"), { id: "yes" });
    const no = button("choice", [icon("no"), say("consents_no")], () => answer("N"), { id: "no" });
    const tabs = texts.map((_, index) => button("tab", "", () => turn(index)));
    const next = button("primary", say("consents_next"), () => {
      next.disabled = true;
      act({ action: "consents", answers: draft.answers }).then((ok) => { next.disabled = !ok; }, () => refresh());
    }, { id: "next" });
    const missing = make("p", { class: "missing" }, say("consents_missing"));

    const turn = (index) => {
      draft.at = index;
      text.replaceChildren(...paragraphs(texts[index][view.language]));
      text.scrollTop = 0;
      refresh();
    };
    const answer = (said) => {
      draft.answers[draft.at] = said;
      const open = draft.answers.findIndex((one, index) => one === null && index > draft.at);
      if (open >= 0) turn(open);
      else refresh();
      if (!next.disabled) next.focus({ preventScroll: true });
    };
    const refresh = () => {
      const said = draft.answers[draft.at];
      yes.setAttribute("aria-pressed", String(said === "Y"));
      no.setAttribute("aria-pressed", String(said === "N"));
      position.textContent = say("consents_position", { n: draft.at + 1, total: texts.length });
      tabs.forEach((tab, index) => {
        const answered = draft.answers[index];
        tab.setAttribute("aria-current", index === draft.at ? "true" : "false");
        const mark = answered === null ? String(index + 1) : icon(answered === "Y" ? "yes" : "no");
        tab.replaceChildren(mark);
        const words = answered === null ? "" : say(answered === "Y" ? "consents_yes" : "consents_no");
        const where = say("consents_position", { n: index + 1, total: texts.length });
        tab.setAttribute("aria-label", words ? `${where}: ${words}` : where);
      });
      next.disabled = draft.answers.includes(null);
      missing.hidden = !next.disabled;
    };
    turn(draft.at);
    const several = texts.length > 1;
    const body = make("div", { class: "agreement" },
      several ? make("div", { class: "tabs" }, tabs, position) : null,
      text,
      make("div", { class: "answers" }, yes, no));
    return { title: say("consents_title"), lead: say("consents_lead"), body, actions: [missing, next], first: text };
  },
};

/** The bank's text as it came, one element a line. */
function paragraphs(text) {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => make("p", {}, line));
}
