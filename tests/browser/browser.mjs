// Starts Chromium, opens the page against the stand-in agent, and looks at what is on it.

import { chromium } from "playwright-core";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--force-prefers-reduced-motion",
];

export const PANELS = {
  portrait: { width: 1080, height: 1920 },
  landscape: { width: 1280, height: 800 },
};

export function launch(...more) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...more] });
}

/** A page of its own; `faults` collects what must not happen: errors, refused loads, foreign requests. */
export async function open(browser, agent, panel) {
  const context = await browser.newContext({ viewport: PANELS[panel], reducedMotion: "reduce" });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${agent.origin}/`) && !url.startsWith("data:")) faults.push(`request: ${url}`);
  });
  await page.goto(`${agent.origin}/#key=abc`);
  // A handle on an element would keep it, and all that hangs on it, from being forgotten.
  await page.waitForFunction(() => document.querySelector("#title") !== null);
  await page.evaluate(() => document.fonts.ready.then(() => {}));
  return { page, context, faults };
}

/** Shows a view and waits until the page has drawn it. */
export async function show(page, agent, view) {
  agent.show(view);
  await page.waitForFunction((name) => document.documentElement.dataset.screen === name, view.screen.name);
  await page.waitForFunction(
    (language) => document.documentElement.lang === language && document.querySelector("#title") !== null, view.language);
  await page.waitForFunction(
    (warned) => (document.querySelector("#idle") !== null) === warned, view.idle_warning_s !== null);
  if (view.screen.name === "selfie") {
    await page.waitForFunction(() => document.querySelector("canvas:not([hidden])") !== null);
  }
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** What is wrong with the screen as it stands, as sentences. */
export function audit(page, { targetMin, fits }) {
  return page.evaluate(inspect, { targetMin, fits, contrastMin: 7 });
}

/* Runs in the page. */
function inspect({ targetMin, fits, contrastMin }) {
  const wrong = [];
  const root = document.querySelector("dialog[open]") ?? document.body;
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen");
  const name = (element) => `${element.tagName.toLowerCase()}#${element.id}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;
  const all = [...root.querySelectorAll("*")].filter(seen);

  const main = document.getElementById("screen");
  const wide = Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth);
  if (wide > 0) wrong.push(`${wide} px too wide`);
  const high = main.scrollHeight - main.clientHeight;
  if (fits && high > 0) wrong.push(`${high} px higher than the panel`);

  for (const element of all) {
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > innerWidth + 1 || box.left < -1)) wrong.push(`sticks out: ${name(element)}`);
    if (element.matches("button, input, summary, a[href], select")) {
      const small = Math.min(box.width, box.height) + 0.5;
      if (small < targetMin) wrong.push(`target of ${Math.round(box.width)} × ${Math.round(box.height)}: ${name(element)}`);
      if (element.scrollWidth > element.clientWidth + 1 && !element.matches("input")) wrong.push(`cut off: ${name(element)}`);
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const on = document.elementFromPoint(x, y);
      const inView = y < (element.closest("main")?.getBoundingClientRect().bottom ?? innerHeight) && y > 0;
      if (inView && on !== null && !element.contains(on)) wrong.push(`covered by ${name(on)}: ${name(element)}`);
      if (!element.textContent.trim() && !element.getAttribute("aria-label")) wrong.push(`has no name: ${name(element)}`);
    }
    if (element.matches("img") && !element.hasAttribute("alt")) wrong.push(`picture without alt: ${element.src}`);
    if (element.matches("img") && element.naturalWidth === 0) wrong.push(`picture not shown: ${element.src}`);
  }

  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of all) {
    const writes = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    if (!writes) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < contrastMin) wrong.push(`contrast ${contrast.toFixed(1)}: ${name(element)}`);
  }
  return [...new Set(wrong)];
}
