// The selfie screen with each hint, over a picture that deserves it; one sheet a language stays in `out/`.

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Agent, views } from "./agent.mjs";
import { PANELS, audit, launch, open, show } from "./browser.mjs";

const OUT = fileURLToPath(new URL("out", import.meta.url));
const HINTS = [
  null, "no_face", "one_face_only", "come_closer", "move_back", "centre", "upright", "more_light", "less_light",
  "uncover", "hold_still", "turn_left", "turn_right", "look_ahead",
];
/** A hint of the challenge is shown over the head on its way; the others have a picture of their own. */
const TURNING = { turn_left: "left-13", turn_right: "right-13", look_ahead: "left-40" };

let browser;
let selfie;
before(async () => {
  await mkdir(OUT, { recursive: true });
  ({ selfie } = await views());
  browser = await launch();
});
after(() => browser.close());

for (const language of ["th", "en"]) {
  test(`each hint of the selfie screen has a sentence of its own that fits: ${language}`, async () => {
    const sentences = new Set();
    const shots = [];
    for (const hint of HINTS) {
      const picture = hint in TURNING ? `turning/${TURNING[hint]}` : `hints/${hint ?? "good"}`;
      const file = new URL(`../pictures/${picture}.jpg`, import.meta.url);
      const view = { ...selfie, language, screen: { ...selfie.screen, hint } };
      const agent = await Agent.start(view);
      agent.camera = await readFile(file);
      const { page, context, faults } = await open(browser, agent, "landscape");
      await show(page, agent, view);
      sentences.add(await page.locator(".hint").innerText());
      shots.push((await page.screenshot()).toString("base64"));
      const found = await audit(page, { targetMin: 64, fits: true });
      await context.close();
      await agent.stop();
      assert.deepEqual([...faults, ...found], [], `${hint}`);
    }
    assert.equal(sentences.size, HINTS.length);
    await writeFile(`${OUT}/selfie-hints-${language}.png`, await sheet(shots));
  });
}

/** All pictures beside each other, a third of their size. */
async function sheet(shots) {
  const { width, height } = PANELS.landscape;
  const page = await browser.newPage({ viewport: { width: 3 * Math.round(width / 3) + 40, height: 400 } });
  const size = `width="${Math.round(width / 3)}" height="${Math.round(height / 3)}"`;
  const images = shots.map((shot) => `<img ${size} style="margin:2px" src="data:image/png;base64,${shot}">`);
  await page.setContent(`<body style="margin:0;background:#888;font-size:0">${images.join("")}</body>`);
  const picture = await page.screenshot({ fullPage: true });
  await page.close();
  return picture;
}
