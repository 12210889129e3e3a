// Buttons that stand in for hands. They move the simulated devices and know nothing of the journey.

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "/panel/panel.css";
document.head.append(style);

const send = (path, body = {}) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const button = (text, press) => element("button", { type: "button", textContent: text, onclick: press });

const choice = (label, options) =>
  element(
    "select",
    { ariaLabel: label },
    ...options.map(({ value, about }) => element("option", { value, textContent: about })),
  );

const things = await (await fetch("/panel/things")).json();
const cards = choice("card", things.cards.map(({ name, about }) => ({ value: name, about: `${name}: ${about}` })));
const codes = choice("code", things.codes.map(({ text, about }) => ({ value: text, about: `${text.slice(0, 24)}: ${about}` })));

const panel = document.getElementById("panel");
panel.hidden = false;
panel.append(
  element("h2", { textContent: "Hands" }),
  element("div", { className: "panel-row" }, codes, button("Show code", () => send("/panel/code", { text: codes.value }))),
  element(
    "div",
    { className: "panel-row" },
    cards,
    button("Insert card", () => send(`/panel/card/${encodeURIComponent(cards.value)}`)),
    button("Pull card", () => send("/panel/pull")),
  ),
  element(
    "div",
    { className: "panel-row" },
    button("Face the camera", () => send("/panel/face")),
    button("Step aside", () => send("/panel/nobody")),
  ),
);
