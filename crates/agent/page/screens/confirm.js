// The customer's own data, to be checked; what the card does not say is asked for.

import { button, icon, make } from "../dom.js";
import { askDigits, askName } from "../keypad.js";

const PARTS = ["house_number", "moo", "trok", "soi", "road", "sub_district", "district", "province"];

export const confirm = {
  identity: (screen) => JSON.stringify(screen),

  draw(view, { say, act, draft }) {
    const { screen, language } = view;
    draft.postal ??= null;
    draft.mobile ??= null;
    draft.first ??= null;
    draft.last ??= null;
    const nameless = screen.english_name === "missing";
    const yes = button("primary", [icon("check-light"), say("confirm_yes")], () => {
      yes.disabled = true;
      const action = { action: "confirm", postal_code: draft.postal, mobile: draft.mobile };
      if (nameless) action.english_name = { first: draft.first, last: draft.last ?? "" };
      act(action).then((ok) => { yes.disabled = !ok; }, () => { yes.disabled = false; });
    }, { id: "yes" });
    const ready = () => {
      const unplaced = screen.postal.one === undefined && draft.postal === null;
      yes.disabled = unplaced || (nameless && draft.first === null);
    };
    const asked = { close: () => {} };
    const body = make("div", { class: "person" },
      make("div", { class: "sheet" },
        holder(view, say, nameless ? englishName({ draft, say, ready, asked }) : null), address(screen.address, say)),
      make("div", { class: "inputs" },
        postal({ screen, draft, say, ready, asked }), mobile({ draft, say, asked })));
    ready();
    return {
      title: say("confirm_title"),
      body,
      actions: [make("p", { class: "missing" }, say("confirm_wrong")), yes],
      first: yes.disabled ? body.querySelector(".entered button, .inputs button") : yes,
      leave: () => asked.close(),
    };
  },
};

function holder({ screen, language }, say, keyed) {
  const other = language === "th" ? "en" : "th";
  return make("div", { class: "holder" },
    make("img", { class: "portrait", src: screen.portrait, alt: say("confirm_portrait") }),
    make("div", { class: "names" },
      make("p", { class: "name" }, whole(screen.names[language] || screen.names[other])),
      screen.names[language] && screen.names[other] ? make("p", { class: "other-name", lang: other }, screen.names[other]) : null,
      make("dl", {},
        line(say("confirm_id"), number(screen.citizen_id, say)),
        line(say("confirm_birth"), screen.birth_date[language]),
        line(say("confirm_expiry"), screen.expiry[language])),
      keyed));
}

/** Thai is broken between any two words: each part of a name moves to the next line as a whole. */
function whole(name) {
  return name.split(" ").flatMap((part) => [make("span", { class: "whole" }, part), " "]);
}

/** Masked; at a counter the agent sends the whole number as well, shown on demand. */
function number({ masked, full }, say) {
  const text = make("span", { class: "number" }, masked);
  if (full === null) return text;
  const toggle = button("quiet small", say("confirm_show"), () => {
    const hidden = text.textContent === masked;
    text.textContent = hidden ? full : masked;
    toggle.textContent = say(hidden ? "confirm_hide" : "confirm_show");
  }, { id: "reveal" });
  return [text, " ", toggle];
}

function address(parts, say) {
  const given = PARTS.filter((part) => parts[part] !== "");
  return make("section", { class: "address", "aria-label": say("confirm_address") },
    make("h2", {}, say("confirm_address")),
    make("dl", {}, given.map((part) => line(say(`part_${part}`), parts[part]))));
}

function line(term, value) {
  return make("div", { class: "pair" }, make("dt", {}, term), make("dd", {}, value));
}

function postal({ screen, draft, say, ready, asked }) {
  const { one, several } = screen.postal;
  const group = (title, ...content) => make("section", { class: "input", "aria-label": title }, make("h2", {}, title), content);
  if (one !== undefined) {
    return group(say("confirm_postal"), make("p", { class: "value" }, icon("check"), one));
  }
  if (several !== undefined) {
    const choose = (code) => {
      draft.postal = code;
      for (const each of buttons) each.setAttribute("aria-pressed", String(each.textContent === code));
      ready();
    };
    const buttons = several.map((code) =>
      button("choice", code, () => choose(code), { "aria-pressed": String(draft.postal === code) }));
    return group(say("confirm_postal_choose"), make("div", { class: "codes" }, buttons));
  }
  return group(say("confirm_postal"), entered({
    draft, key: "postal", title: say("confirm_postal_enter"), length: 5, fits: (text) => text.length === 5, say, ready, asked,
  }));
}

function mobile({ draft, say, asked }) {
  const title = say("confirm_mobile_enter");
  const fits = (text) => text === "" || (text.length === 10 && text.startsWith("0"));
  return make("section", { class: "input", "aria-label": say("confirm_mobile") },
    make("h2", {}, say("confirm_mobile")),
    entered({ draft, key: "mobile", title, length: 10, fits, say, ready: () => {}, asked }));
}

/** What the agent takes as a name in a passport; it looks for itself as well. */
function isLatin(text) {
  const letter = (sign) => (sign >= "a" && sign <= "z") || (sign >= "A" && sign <= "Z");
  const name = text.trim();
  return letter(name[0] ?? "") && !name.includes("  ") && [...name].every((sign) => letter(sign) || " -'.".includes(sign));
}

/** The card has none: first the one name, which is needed, then the other, which not everybody has. */
function englishName({ draft, say, ready, asked }) {
  const value = make("p", { class: "other-name", lang: "en" });
  const ask = (part, fits, then) => {
    asked.close = askName({
      title: say(`confirm_english_${part}`), value: draft[part], length: 100, fits, say,
      take: (text) => {
        draft[part] = text?.trim() ?? null;
        refresh();
        ready();
        then();
      },
    });
  };
  const last = () => ask("last", (text) => text === "" || isLatin(text), () => open.focus());
  const open = button("plain", say("confirm_english_enter"), () => ask("first", isLatin, last), { id: "enter-english" });
  const refresh = () => {
    value.textContent = [draft.first, draft.last].filter((part) => part !== null).join(" ");
    value.hidden = draft.first === null;
    open.textContent = say(draft.first === null ? "confirm_english_enter" : "confirm_change");
  };
  refresh();
  return make("div", { class: "entered" }, value, open);
}

/** A value and the button that asks for it. */
function entered({ draft, key, title, length, fits, say, ready, asked }) {
  const value = make("p", { class: "value" });
  const open = button("plain", title, () => {
    asked.close = askDigits({
      title, value: draft[key], length, fits, say,
      take: (text) => {
        draft[key] = text;
        refresh();
        ready();
        open.focus();
      },
    });
  }, { id: `enter-${key}` });
  const refresh = () => {
    value.textContent = draft[key] ?? "";
    value.hidden = draft[key] === null;
    open.textContent = draft[key] === null ? title : say("confirm_change");
  };
  refresh();
  return make("div", { class: "entered" }, value, open);
}
