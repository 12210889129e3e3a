// Waiting for the code: the camera's view if there is one, a picture of what to do, and typing as the third way.

import { button, icon, make } from "../dom.js";
import { letterBoard } from "../keypad.js";
import { CameraView } from "./camera.js";
import { notice } from "./notice.js";

/** String(55): the agent refuses more. */
const REFERENCE_LENGTH = "55";

export const scan = {
  identity: (screen) => `${screen.wrong_code?.key}`,

  draw(view, { say, act, draft }) {
    draft.open ??= view.profile === "counter";
    draft.text ??= "";
    const camera = new CameraView(say("scan_view"));
    const show = make("div", { class: "show" },
      make("div", { class: "lens" }, icon("phone-code", "picture large"), camera.element, make("span", { class: "corners" })));
    const entry = typed(say, act, draft);
    const open = button("plain", [icon("keyboard"), say("scan_type")], () => {
      draft.open = true;
      side.replaceChildren(entry.element);
      body.classList.add("typing");
      entry.field.focus();
    }, { id: "type" });
    const card = view.card === "absent" ? make("p", { class: "aside" }, icon("card"), say("scan_card_first")) : null;
    const side = make("div", { class: "side" }, draft.open ? entry.element : [card, open]);
    const body = make("div", { class: draft.open ? "ways typing" : "ways" },
      notice(view.screen.wrong_code, view.language), show, side);
    return {
      title: say("scan_title"),
      lead: say("scan_lead"),
      body,
      first: draft.open ? entry.field : open,
      key: (event) => {
        const typing = event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && event.key !== " ";
        if (typing && !draft.open) open.click();
        else if (typing && document.activeElement !== entry.field) entry.field.focus();
      },
      entered: () => camera.start(),
      leave: () => camera.stop(),
    };
  },
};

function typed(say, act, draft) {
  const field = make("input", {
    id: "reference", class: "field", type: "text", inputmode: "none", autocomplete: "off", autocapitalize: "off",
    spellcheck: "false", maxlength: REFERENCE_LENGTH, "aria-label": say("scan_entry"), placeholder: say("scan_entry"),
  });
  field.value = draft.text;
  const use = button("primary", say("scan_send"), () => send());
  const send = () => {
    if (field.value === "") return;
    act({ action: "reference", text: field.value }).catch(() => {});
  };
  const changed = () => {
    draft.text = field.value;
    use.disabled = field.value === "";
  };
  field.addEventListener("input", changed);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") send();
  });
  changed();
  const element = make("div", { class: "entry" },
    make("div", { class: "line" }, field, use), letterBoard(field, say));
  return { element, field };
}
