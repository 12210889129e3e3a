// What stands around every screen: brand, steps, language, text size, banner, cancel, idle warning.

import { button, icon, make } from "./dom.js";
import { sentences } from "./screens/notice.js";
import { word } from "./words.js";

/** The steps of each flow, in order. */
const STEPS = {
  ekyc: ["code", "card", "consent", "confirm", "send"],
  dopa_only: ["consent", "card", "confirm", "send"],
};
/** The step that each stage of the agent belongs to. */
const STEP_OF_STAGE = {
  gather: "code", validate: "card", consent: "consent", read: "confirm", confirm: "confirm",
  dopa: "send", selfie: "send", submit: "send",
};
const TEXT_SIZES = ["1", "1.5", "2"];
/** Outcomes after which every step has been gone. */
const ARRIVED = ["done", "pending"];
/** Screens on which a person may stop. */
const STOPPABLE = ["scan", "insert_card", "reading", "checking", "consents", "confirm", "checking_dopa", "selfie"];

export class Frame {
  #act;
  #head = document.getElementById("head");
  #banner = document.getElementById("banner");
  #cancel = document.getElementById("stop");
  #drawn = "";
  #warning = null;

  constructor(act) {
    this.#act = act;
  }

  /** Does the idle warning stand? */
  get warning() {
    return this.#warning !== null;
  }

  show(view) {
    if (["attract", "out_of_service"].includes(view.screen.name)) document.documentElement.dataset.text = TEXT_SIZES[0];
    const say = (key, values) => word(view.language, key, values);
    const step = stepOf(view);
    const stoppable = STOPPABLE.includes(view.screen.name);
    const key = [view.language, step, view.card, view.channel, stoppable, view.reader_trouble?.key].join("\n");
    if (key !== this.#drawn) {
      this.#drawn = key;
      this.#drawHead(view, step, say);
      this.#drawBanner(view);
      this.#cancel.replaceChildren(...(stoppable ? [this.#cancelButton(say)] : []));
    }
    this.#warn(view, say);
  }

  /** Nothing but the brand. */
  clear() {
    this.#drawn = "";
    this.#head.replaceChildren();
    this.#banner.replaceChildren();
    this.#cancel.replaceChildren();
    this.#endWarning();
  }

  cancel() {
    if (this.#cancel.childElementCount > 0) this.#act({ action: "cancel" }).catch(() => {});
  }

  #drawHead(view, step, say) {
    const kept = this.#head.contains(document.activeElement) ? document.activeElement.id : null;
    const other = view.language === "th" ? "en" : "th";
    const language = button("quiet", say("other_language"), () => this.#act({ action: "language", language: other }), {
      id: "language", lang: other,
    });
    const size = button("quiet", [icon("text-size")], grow, { id: "text-size", "aria-label": say("text_size") });
    this.#head.replaceChildren(
      make("div", { class: "brand" }, icon("mark", "mark"), make("span", {}, say("brand")),
        view.channel ? make("span", { class: "channel" }, icon("bank"), view.channel) : null),
      step === undefined ? make("div", { class: "no-steps" }) : steps(step, view, say),
      make("div", { class: "tools" }, size, language),
    );
    if (kept) document.getElementById(kept)?.focus();
  }

  #drawBanner(view) {
    const trouble = view.reader_trouble;
    this.#banner.replaceChildren(...(trouble ? sentences(trouble, view.language) : []));
  }

  #cancelButton(say) {
    return button("plain", [icon("cancel"), say("cancel")], () => this.cancel(), { id: "cancel" });
  }

  #warn(view, say) {
    if (view.idle_warning_s === null) this.#endWarning();
    else if (this.#warning === null) this.#startWarning(view.idle_warning_s, say);
  }

  #startWarning(seconds, say) {
    const end = performance.now() + seconds * 1_000;
    const left = () => Math.max(0, Math.ceil((end - performance.now()) / 1_000));
    const number = make("span", { class: "count", "aria-hidden": "true" }, String(left()));
    const stay = button("primary", say("idle_stay"), () => this.#act({ action: "still_here" }), { autofocus: true });
    const stop = button("plain", say("idle_stop"), () => this.#act({ action: "cancel" }));
    const dialog = make("dialog", { id: "idle", "aria-labelledby": "idle-title" },
      number,
      make("h2", { id: "idle-title" }, say("idle_title")),
      make("p", { role: "alert" }, say("idle_text", { n: seconds })),
      make("div", { class: "actions" }, stay, stop));
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#act({ action: "still_here" });
    });
    const timer = setInterval(() => { number.textContent = String(left()); }, 250);
    const returnTo = document.activeElement;
    document.body.append(dialog);
    dialog.showModal();
    this.#warning = { dialog, timer, returnTo };
  }

  #endWarning() {
    if (this.#warning === null) return;
    const { dialog, timer, returnTo } = this.#warning;
    this.#warning = null;
    clearInterval(timer);
    dialog.close();
    dialog.remove();
    if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  }
}

/** The step to point at; none while nobody is here and after a journey that broke off. */
function stepOf({ flow, screen, stage }) {
  const at = (name) => (name === undefined ? undefined : STEPS[flow].indexOf(name));
  if (screen.name === "scan") return at("code");
  if (screen.name === "insert_card") return at("card");
  if (screen.name === "result") return ARRIVED.includes(screen.outcome) ? STEPS[flow].length : undefined;
  return at(STEP_OF_STAGE[stage]);
}

function steps(current, view, say) {
  const item = (name, index) => {
    const early = name === "card" && view.card === "present" && current < index;
    const state = index < current || early ? "done" : index === current ? "now" : "ahead";
    const mark = state === "done" ? icon("check") : make("span", {}, String(index + 1));
    return make("li", { class: state, "aria-current": state === "now" ? "step" : null },
      make("span", { class: "dot" }, mark),
      make("span", { class: "label" }, say(`step_${name}`)),
      state === "done" ? make("span", { class: "unseen" }, say("step_done")) : null);
  };
  return make("ol", { id: "steps", "aria-label": say("steps") }, STEPS[view.flow].map(item));
}

function grow() {
  const { dataset } = document.documentElement;
  const next = (TEXT_SIZES.indexOf(dataset.text) + 1) % TEXT_SIZES.length;
  dataset.text = TEXT_SIZES[next];
}
