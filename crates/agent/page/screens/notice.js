// A sentence of the agent about what went wrong and what to do, with its code.

import { icon, make } from "../dom.js";

/** Sign, sentences and code, one beside the other. */
export function sentences(trouble, language) {
  return [
    icon("warning"),
    make("p", {}, make("strong", {}, trouble.text[language]), " ", trouble.remedy[language], " ",
      make("span", { class: "code" }, trouble.code)),
  ];
}

/** The notice of a failure, or null if there is none. */
export function notice(trouble, language) {
  if (!trouble) return null;
  return make("div", { class: "notice", role: "alert" }, sentences(trouble, language));
}
