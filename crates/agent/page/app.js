// Draws the agent's view and sends what a person does. The agent decides; this page holds no rule.
//
// Each view names one screen. As long as it stays the same screen, it is kept and told of changes;
// when another comes, all of the one before leaves the document and nothing of it is kept.

import { Unpaired, act, follow, pair } from "./api.js";
import { make } from "./dom.js";
import { Frame } from "./frame.js";
import { lost, screens, unpaired } from "./screens.js";
import { word } from "./words.js";

/** Between two tries to reach the agent. */
const AGAIN_MS = 1_000;
/** A person who touches the page is here; the agent is told no oftener than this. */
const STILL_HERE_MS = 5_000;

const place = document.getElementById("screen");
const actions = document.getElementById("actions");
const announcer = document.getElementById("announcer");
const frame = new Frame(act);

/** What is on the screen: `key` tells one from the next, `draft` is what was typed and not yet sent. */
let shown = { key: "", name: "", draft: {}, drawn: null };
let language = "th";
let told = 0;

function show(view) {
  language = view.language;
  document.documentElement.lang = language;
  document.documentElement.dataset.profile = view.profile;
  document.documentElement.dataset.screen = view.screen.name;
  frame.show(view);
  const screen = screens[view.screen.name];
  const key = [view.screen.name, language, view.profile, screen.identity(view.screen)].join("\n");
  if (key === shown.key) {
    shown.drawn.update?.(view);
    return;
  }
  const draft = view.screen.name === shown.name ? shown.draft : {};
  replace(screen, view, key, draft);
}

function replace(screen, view, key, draft) {
  const sameScreen = view.screen.name === shown.name;
  shown.drawn?.leave?.();
  const say = (name, values) => word(view.language, name, values);
  const drawn = screen.draw(view, { say, act, draft });
  shown = { key, name: view.screen.name, draft, drawn };
  const title = make("h1", { id: "title", tabindex: "-1" }, drawn.title);
  place.replaceChildren(make("section", { class: `screen ${view.screen.name}`, "aria-labelledby": "title" },
    make("div", { class: "top" }, title, drawn.lead ? make("p", { class: "lead" }, drawn.lead) : null),
    drawn.body));
  actions.replaceChildren(...(drawn.actions ?? []).filter((one) => one !== null));
  place.scrollTop = 0;
  announcer.textContent = drawn.lead ? `${drawn.title}. ${drawn.lead}` : drawn.title;
  const first = drawn.first && (view.profile === "counter" || sameScreen) ? drawn.first : title;
  first.focus({ preventScroll: true });
  drawn.entered?.();
}

/** While nobody answers, nothing of anybody may stand here. */
function standIn(screen) {
  const name = screen === lost ? "lost" : "unpaired";
  const key = `${name}\n${language}`;
  if (key === shown.key) return;
  const view = { language, profile: document.documentElement.dataset.profile, screen: { name } };
  document.documentElement.dataset.screen = name;
  frame.clear();
  replace(screen, view, key, {});
}

function isHere() {
  const now = performance.now();
  const waiting = ["attract", "result", "out_of_service", "lost", "unpaired", ""].includes(shown.name);
  if (waiting || frame.warning || now - told < STILL_HERE_MS) return;
  told = now;
  act({ action: "still_here" }).catch(() => {});
}

function keyed(event) {
  isHere();
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) frame.cancel();
  else shown.drawn?.key?.(event);
}

for (const event of ["pointerdown", "wheel", "touchmove"]) {
  addEventListener(event, isHere, { passive: true, capture: true });
}
addEventListener("keydown", keyed);
addEventListener("contextmenu", (event) => event.preventDefault());

/** A view that cannot be drawn must not leave half of itself. */
function tryShow(view) {
  try {
    show(view);
  } catch (error) {
    reportError(error);
    standIn(lost);
  }
}

async function run() {
  await pair().catch(() => {});
  for (;;) {
    try {
      await follow(tryShow);
      standIn(lost);
    } catch (error) {
      standIn(error instanceof Unpaired ? unpaired : lost);
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

run();
