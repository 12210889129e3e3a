// Every screen in both languages on both panels: drawn without an error, large enough, readable, whole.
//
// The pictures stay in `out/` for a person to look at.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Agent, views } from "./agent.mjs";
import { PANELS, audit, launch, open, show } from "./browser.mjs";

const OUT = fileURLToPath(new URL("out", import.meta.url));
/** `journey.md`: 64 px at least on a kiosk; staff at a counter use a mouse and keys. */
const TARGET_MIN = { kiosk: 64, counter: 44 };

let browser;
let all;
before(async () => {
  await mkdir(OUT, { recursive: true });
  all = await views();
  browser = await launch();
});
after(() => browser.close());

for (const panel of Object.keys(PANELS)) {
  for (const language of ["th", "en"]) {
    test(`every screen is whole and readable: ${panel}, ${language}`, async (t) => {
      const agent = await Agent.start({ ...all.attract, language });
      t.after(() => agent.stop());
      const { page, context, faults } = await open(browser, agent, panel);
      t.after(() => context.close());
      const wrong = [];
      for (const [name, view] of Object.entries(all)) {
        await show(page, agent, { ...view, language });
        await page.screenshot({ path: `${OUT}/${name}-${panel}-${language}.png` });
        const found = await audit(page, { targetMin: TARGET_MIN[view.profile], fits: true });
        wrong.push(...found.map((one) => `${name}: ${one}`));
      }
      assert.deepEqual([...faults, ...wrong], []);
    });
  }
}
