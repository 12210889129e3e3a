// What a person does reaches the agent, by touch and by keys alone; what is over leaves nothing behind.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Agent, views } from "./agent.mjs";
import { PANELS, audit, launch, open, show } from "./browser.mjs";

const OUT = fileURLToPath(new URL("out", import.meta.url));
const FAILURES = fileURLToPath(new URL("../../config/failures.toml", import.meta.url));
/** What a person's data looks like in the views. */
const PERSONAL = ["มะลิวรรณ", "ทดสอบดีเสมอ", "Maliwan", "1-1111-11111-11-9", "xxxxx-11-9", "กรกฎาคม 2524", "ทดลอง 12", "0812345678"];
/** Markup that must stay text wherever the bank's words are shown. */
const MARKUP = [
  "<script>window.ran = 1</script>", "<img src=x onerror=\"window.ran = 1\">", "<svg onload=window.ran=1>",
  "<iframe src=\"javascript:window.ran=1\"></iframe>", "javascript:window.ran=1", "\"><script>window.ran=1</script>",
  "<a href=\"javascript:window.ran=1\">a</a>", "<style>body{display:none}</style>", "<base href=\"https://evil.test/\">",
  "<meta http-equiv=refresh content=\"0;url=https://evil.test/\">", "<form action=https://evil.test/><button>a</button></form>",
  "<link rel=stylesheet href=https://evil.test/a.css>", "{{constructor.constructor('window.ran=1')()}}", "${window.ran=1}",
  "<details open ontoggle=window.ran=1>", "<body onload=window.ran=1>", "<math><mi xlink:href=\"javascript:window.ran=1\">a",
  "&lt;script&gt;window.ran=1&lt;/script&gt;", "\u202Eeht\u202C", "<!--", "]]>", "</section></main>", "%3Cscript%3E", "\\u003cscript\\u003e",
];

let browser;
let all;
before(async () => {
  all = await views();
  browser = await launch();
});
after(() => browser.close());

async function start(t, panel, first) {
  const agent = await Agent.start(first);
  t.after(() => agent.stop());
  const { page, context, faults } = await open(browser, agent, panel);
  t.after(() => context.close());
  return { agent, page, context, faults };
}

test("a whole journey by touch sends each action once", async (t) => {
  const { agent, page, faults } = await start(t, "portrait", all.attract);
  await page.click("#start");
  assert.deepEqual(await agent.action(), { action: "start" });

  await show(page, agent, all.scan);
  await page.click("#language");
  assert.deepEqual(await agent.action(), { action: "language", language: "en" });
  await show(page, agent, { ...all.scan, language: "en" });
  await page.click("#type");
  for (const key of ["S", "I", "M", "-", "1"]) await page.click(`.letters .key:text-is("${key}")`);
  await page.click('.letters [aria-label="Delete"]');
  await page.click('.letters .key:text-is("7")');
  await page.screenshot({ path: `${OUT}/typed-portrait-en.png` });
  assert.deepEqual(await audit(page, { targetMin: 64, fits: true }), []);
  await page.click('.entry .primary');
  assert.deepEqual(await agent.action(), { action: "reference", text: "SIM-7" });

  await show(page, agent, all.consents);
  assert.equal(await page.isDisabled("#next"), true);
  await page.click("#yes");
  await page.click("#no");
  await page.click("#yes");
  await page.click(".tab >> nth=1");
  assert.equal(await page.getAttribute("#no", "aria-pressed"), "true");
  await page.screenshot({ path: `${OUT}/consents-answered-portrait-th.png` });
  await page.click("#next");
  assert.deepEqual(await agent.action(), { action: "consents", answers: ["Y", "N", "Y"] });

  await show(page, agent, all["confirm-unknown"]);
  await page.click("#enter-postal");
  for (const key of "12120") await page.click(`dialog .key:text-is("${key}")`);
  await page.screenshot({ path: `${OUT}/digits-portrait-th.png` });
  assert.deepEqual(await audit(page, { targetMin: 64, fits: true }), []);
  await page.click("dialog .primary");
  await page.click("#enter-mobile");
  await page.keyboard.type("08x12345678");
  await page.keyboard.press("Enter");
  await page.screenshot({ path: `${OUT}/confirm-filled-portrait-th.png` });
  await page.click("#yes");
  assert.deepEqual(await agent.action(), { action: "confirm", postal_code: "12120", mobile: "0812345678" });

  await show(page, agent, all["result-done"]);
  await page.click("#finish");
  assert.deepEqual(await agent.action(), { action: "cancel" });
  assert.deepEqual(faults, []);
});

test("a name that the card lacks is keyed in, first one part and then the other", async (t) => {
  const { agent, page, faults } = await start(t, "portrait", all["confirm-nameless"]);
  assert.equal(await page.isDisabled("#yes"), true);
  await page.click("#enter-english");
  for (const key of "MALI") await page.click(`dialog .key:text-is("${key}")`);
  await page.click('dialog .board .key:nth-last-child(2)');
  await page.click('dialog .key:text-is("A")');
  await page.screenshot({ path: `${OUT}/name-portrait-th.png` });
  assert.deepEqual(await audit(page, { targetMin: 64, fits: true }), []);
  assert.deepEqual(await page.evaluate(overlapping), []);
  await page.click("dialog .primary");
  await page.fill("dialog input", "O'Dee");
  await page.click("dialog .primary");
  await page.click("#enter-postal");
  await page.fill("dialog input", "12120");
  await page.click("dialog .primary");
  await page.click("#yes");
  const english_name = { first: "MALI A", last: "O'Dee" };
  assert.deepEqual(await agent.action(), { action: "confirm", postal_code: "12120", mobile: null, english_name });
  assert.deepEqual(faults, []);
});

/** Keys of a board that lie on one another: in the page. */
function overlapping() {
  const keys = [...document.querySelectorAll("dialog .key")].map((key) => ({ name: key.textContent, box: key.getBoundingClientRect() }));
  const lies = ({ box: one }, { box: other }) =>
    one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1;
  return keys.flatMap((one, at) => keys.slice(at + 1).filter((other) => lies(one, other)).map((other) => `${one.name} ${other.name}`));
}

test("a whole journey goes by keys alone", async (t) => {
  const { agent, page, faults } = await start(t, "landscape", all.attract);
  const to = async (id) => {
    for (let steps = 0; steps < 30; steps += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement.id) === id) return;
    }
    assert.fail(`no way to ${id} by keys`);
  };
  await to("start");
  await page.keyboard.press("Enter");
  assert.deepEqual(await agent.action(), { action: "start" });
  await show(page, agent, all.scan);
  await page.keyboard.type("SIM-0000\n");
  assert.deepEqual(await agent.action(), { action: "reference", text: "SIM-0000" });
  await page.screenshot({ path: `${OUT}/typed-landscape-th.png` });
  assert.deepEqual(await audit(page, { targetMin: 64, fits: true }), []);
  await show(page, agent, all.consents);
  for (const _ of all.consents.screen.texts) {
    await to("yes");
    await page.keyboard.press("Space");
  }
  assert.equal(await page.evaluate(() => document.activeElement.id), "next");
  await page.keyboard.press("Enter");
  assert.deepEqual(await agent.action(), { action: "consents", answers: ["Y", "Y", "Y"] });
  await show(page, agent, all.confirm);
  await to("yes");
  await page.keyboard.press("Enter");
  assert.deepEqual(await agent.action(), { action: "confirm", postal_code: null, mobile: null });
  await show(page, agent, all.selfie);
  await page.keyboard.press("Escape");
  assert.deepEqual(await agent.action(), { action: "cancel" });
  assert.deepEqual(faults, []);
});

test("staff at a counter reach the next customer with one key and see the number on demand", async (t) => {
  const counter = (view) => ({ ...view, profile: "counter" });
  const { agent, page, faults } = await start(t, "landscape", counter(all.attract));
  await show(page, agent, counter(all.scan));
  await page.keyboard.type("SIM-0000\n");
  assert.deepEqual(await agent.action(), { action: "reference", text: "SIM-0000" });
  await show(page, agent, all["confirm-counter"]);
  assert.equal(await page.textContent(".number"), "x-xxxx-xxxxx-11-9");
  await page.click("#reveal");
  assert.equal(await page.textContent(".number"), "1-1111-11111-11-9");
  await show(page, agent, counter(all["result-done"]));
  await page.keyboard.press("Enter");
  assert.deepEqual(await agent.action(), { action: "cancel" });
  assert.deepEqual(faults, []);
});

test("what was typed survives a change of language, and no end of a journey", async (t) => {
  const { agent, page } = await start(t, "portrait", all["confirm-unknown"]);
  const mobile = () => page.textContent("[id=enter-mobile]").then(() => page.textContent(".input:last-child .value"));
  await page.click("#enter-mobile");
  await page.keyboard.type("0812345678");
  await page.keyboard.press("Enter");
  await show(page, agent, { ...all["confirm-unknown"], language: "en" });
  assert.equal(await mobile(), "0812345678");
  await show(page, agent, all.attract);
  await show(page, agent, all["confirm-unknown"]);
  assert.equal(await mobile(), "");
});

test("the idle warning counts down, stays on top, and both its answers are sent", async (t) => {
  const { agent, page, faults } = await start(t, "portrait", all.confirm);
  await show(page, agent, all["confirm-idle"]);
  assert.equal(await page.evaluate(() => document.activeElement.closest("dialog").id), "idle");
  await page.waitForFunction(() => Number(document.querySelector("#idle .count").textContent) < 10);
  await page.click("#idle .plain");
  assert.deepEqual(await agent.action(), { action: "cancel" });
  agent.actions.length = 0;
  await page.keyboard.press("Escape");
  await show(page, agent, all.confirm);
  assert.equal(await page.locator("#idle").count(), 0);
  assert.ok(agent.actions.some(({ action }) => action === "still_here"));
  assert.deepEqual(faults, []);
});

for (const end of ["attract", "result-stopped", "lost"]) {
  test(`nothing of the customer is left after: ${end}`, async (t) => {
    const { agent, page, context } = await start(t, "portrait", all["confirm-unknown"]);
    await page.click("#enter-mobile");
    await page.keyboard.type("0812345678");
    await page.keyboard.press("Enter");
    await page.click("#enter-postal");
    assert.deepEqual(await remains(page, context), PERSONAL.filter((one) => one !== "1-1111-11111-11-9"));
    if (end === "lost") agent.leave();
    else agent.show(all[end]);
    await page.waitForFunction((name) => document.documentElement.dataset.screen === name, all[end]?.screen.name ?? end);
    assert.deepEqual(await remains(page, context), []);
    assert.equal(await page.locator("dialog").count(), 0);
    assert.equal(await page.locator(".portrait, canvas").count(), 0);
    const stored = await page.evaluate(() => [Object.keys(sessionStorage), Object.keys(localStorage), document.cookie]);
    assert.deepEqual(stored, [["dipchip-token"], [], ""]);
  });
}

/** Which of the person's texts are still in the document, in a field, or on the heap. */
async function remains(page, context) {
  const held = await page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((one) => one.value).join("\n"));
  const devtools = await context.newCDPSession(page);
  const chunks = [];
  devtools.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  await devtools.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await devtools.detach();
  const heap = JSON.parse(chunks.join("")).strings.join("\n");
  return PERSONAL.filter((one) => held.includes(one) || heap.includes(one));
}

test("what the bank sends is shown as text, whatever it looks like", async (t) => {
  const { agent, page, faults } = await start(t, "portrait", all.attract);
  for (const markup of MARKUP) {
    const both = { th: `${markup}\nก`, en: markup };
    const texts = [{ type: "103", version: "1", ...both }];
    await show(page, agent, { ...all.consents, channel: markup, screen: { name: "consents", texts } });
    assert.ok((await page.textContent(".text")).includes(markup.split("\n")[0]));
    const said = { text: both, remedy: both };
    await show(page, agent, { ...all["result-failed"], screen: { ...all["result-failed"].screen, said, failure: { code: markup, key: "a", ...said }, slip: [markup] } });
    await show(page, agent, { ...all["scan-wrong-code"], reader_trouble: { code: markup, key: markup, ...said } });
    assert.equal(await page.evaluate(() => window.ran), undefined);
  }
  assert.deepEqual(faults, []);
});

test("larger text needs no sideways scrolling", async (t) => {
  for (const panel of Object.keys(PANELS)) {
    const { agent, page, faults } = await start(t, panel, all.attract);
    const wrong = [];
    for (const size of ["1.5", "2"]) {
      for (const [name, view] of Object.entries(all).filter(([, one]) => one.profile === "kiosk")) {
        await show(page, agent, { ...view, language: "en" });
        while (await page.evaluate(() => document.documentElement.dataset.text) !== size) {
          if (view.idle_warning_s === null) await page.click("#text-size");
          else await page.evaluate((text) => { document.documentElement.dataset.text = text; }, size);
        }
        if (["confirm", "consents", "attract", "result-done"].includes(name)) {
          await page.screenshot({ path: `${OUT}/${name}-${panel}-text-${size}.png` });
        }
        const found = await audit(page, { targetMin: 64, fits: false });
        wrong.push(...found.map((one) => `${panel} ${size} ${name}: ${one}`));
      }
    }
    assert.deepEqual([...faults, ...wrong], []);
  }
});

test("a page that the agent does not know says so and shows nobody", async (t) => {
  const { agent, page, context } = await start(t, "portrait", all.confirm);
  agent.cut({ unpaired: true });
  await page.waitForFunction(() => document.documentElement.dataset.screen === "unpaired");
  await page.screenshot({ path: `${OUT}/unpaired-portrait-th.png` });
  assert.deepEqual(await remains(page, context), []);
  assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), []);
});

test("the key leaves the address at once and a reload needs it no more", async (t) => {
  const { agent, page } = await start(t, "portrait", all.attract);
  assert.equal(page.url(), `${agent.origin}/`);
  await page.reload();
  await page.waitForFunction(() => document.querySelector("#start") !== null);
});

test("every word is there in both languages", async (t) => {
  const { page } = await start(t, "portrait", all.attract);
  const broken = await page.evaluate(async () => {
    const { keys } = await import("/words.js");
    const names = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
    return keys().filter(([key, words]) => {
      const [thai, english] = words;
      const swapped = key === "other_language";
      return words.length !== 2 || /[ก-๙]/.test(swapped ? thai : english) || !/[ก-๙]/.test(swapped ? english : thai) || names(thai) !== names(english);
    });
  });
  assert.deepEqual(broken, []);
});

test("every wrong code is explained in both languages and nothing of it is shown", async (t) => {
  const { agent, page, faults } = await start(t, "portrait", all.scan);
  const found = (await readFile(FAILURES, "utf8")).matchAll(
    /^\[(wrong_code_\w+)\]\nthai = "(.+)"\nenglish = "(.+)"\nremedy = \{ thai = "(.+)", english = "(.+)" \}$/gm,
  );
  const codes = [...found];
  assert.equal(codes.length, 11);
  const wrong = [];
  for (const [, key, thai, english, remedyThai, remedyEnglish] of codes) {
    const wrong_code = {
      code: key.toUpperCase(), key,
      text: { th: thai, en: english }, remedy: { th: remedyThai, en: remedyEnglish },
    };
    for (const [language, sentence, remedy] of [["th", thai, remedyThai], ["en", english, remedyEnglish]]) {
      await show(page, agent, { ...all.scan, language, screen: { name: "scan", wrong_code } });
      const shown = await page.innerText("main");
      for (const part of [sentence, remedy]) if (!shown.includes(part)) wrong.push(`${key} ${language}: ${shown}`);
      const seen = await audit(page, { targetMin: 64, fits: true });
      wrong.push(...seen.map((one) => `${key} ${language}: ${one}`));
    }
  }
  assert.deepEqual([...faults, ...wrong], []);
});
