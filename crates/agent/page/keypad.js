// Boards to tap on: digits for a postal code or a mobile number, letters for a reference or a name.
//
// A board writes into a field that a keyboard can write into as well; what is typed stays in the page
// until it is sent.

import { button, icon, make } from "./dom.js";

const DIGITS = [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"], ["", "0", "delete"]];
const LETTERS = [
  [..."1234567890-"],
  [..."QWERTYUIOP_"],
  ["capitals", ..."ASDFGHJKL."],
  ["", ..."ZXCVBNM", "delete"],
];

const NAMES = [
  [..."QWERTYUIOP"],
  [..."ASDFGHJKL'"],
  ["capitals", ..."ZXCVBNM-."],
  ["space", "delete"],
];

/** Digits below a field. */
export function digitBoard(field, say) {
  return board("digits", DIGITS, field, say);
}

/** Letters, digits and the three signs that a reference may have. */
export function letterBoard(field, say) {
  return board("letters", LETTERS, field, say);
}

/** Letters and the signs of a name as in a passport. */
function nameBoard(field, say) {
  return board("name", NAMES, field, say);
}

function board(kind, rows, field, say) {
  const state = { capitals: true };
  const letters = [];
  const press = (key) => {
    field.value = (field.value + (state.capitals ? key : key.toLowerCase())).slice(0, field.maxLength);
    field.dispatchEvent(new Event("input"));
  };
  const capitals = (event) => {
    state.capitals = !state.capitals;
    event.currentTarget.setAttribute("aria-pressed", String(state.capitals));
    for (const one of letters) {
      one.textContent = state.capitals ? one.textContent.toUpperCase() : one.textContent.toLowerCase();
    }
  };
  const remove = () => {
    field.value = field.value.slice(0, -1);
    field.dispatchEvent(new Event("input"));
  };
  const made = rows.flat().map((key) => {
    if (key === "") return make("span", { class: "gap" });
    if (key === "delete") return button("key delete", [icon("delete")], remove, { "aria-label": say("delete") });
    if (key === "capitals") {
      return button("key capitals", [icon("capitals")], capitals, { "aria-label": say("capitals"), "aria-pressed": "true" });
    }
    if (key === "space") return button("key space", say("space"), () => press(" "));
    const one = button("key", key, () => press(key));
    letters.push(one);
    return one;
  });
  return make("div", { class: `board ${kind}` }, made);
}

/** Without a regular expression: an engine remembers the last text that one was tried on. */
function digitsOf(text) {
  return [...text].filter((sign) => sign >= "0" && sign <= "9").join("");
}

/**
 * Asks for digits in a dialog; `take` gets the text, or `null` if the field was left empty.
 * `fits` says whether the text may be taken as it stands.
 */
export function askDigits(asked) {
  return ask({ ...asked, board: digitBoard, clean: digitsOf });
}

/** Asks for a name in Latin letters in the same way. */
export function askName(asked) {
  return ask({ ...asked, board: nameBoard, clean: (text) => text });
}

function ask({ title, value, length, fits, say, take, board, clean }) {
  const field = make("input", {
    class: "field", type: "text", inputmode: "none", autocomplete: "off", maxlength: String(length), "aria-label": title,
  });
  field.value = value ?? "";
  const ok = button("primary", say("ok"), () => close(true));
  const back = button("plain", say("close"), () => close(false));
  const dialog = make("dialog", { class: "ask", "aria-label": title },
    make("h2", {}, title), field, board(field, say), make("div", { class: "actions" }, back, ok));
  const check = () => {
    field.value = clean(field.value);
    ok.disabled = !fits(field.value);
  };
  const close = (taken) => {
    if (taken && ok.disabled) return;
    const text = field.value;
    dialog.close();
    dialog.remove();
    if (taken) take(text === "" ? null : text);
  };
  field.addEventListener("input", check);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // The button that gets the focus back must not take this key as its own.
    event.preventDefault();
    close(true);
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close(false);
  });
  check();
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  return () => { dialog.close(); dialog.remove(); };
}
