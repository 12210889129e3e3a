// The page against the real agent: a whole journey by hand, and what another page on the machine gets of it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { PANELS, launch } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

const OUT = fileURLToPath(new URL("out", import.meta.url));
/** What the card of the demonstration says. */
const PERSONAL = ["สมชาย", "Somchai", "1111111111119", "1-1111-11111-11-9"];

let browser;
before(async () => {
  await mkdir(OUT, { recursive: true });
  browser = await launch("--host-resolver-rules=MAP evil.test 127.0.0.1");
});
after(() => browser.close());

async function openDemo(t, panel = "portrait") {
  const demo = await startDemo();
  t.after(() => demo.stop());
  const context = await browser.newContext({ viewport: PANELS[panel], reducedMotion: "reduce" });
  t.after(() => context.close());
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(demo.url);
  await reaches(page, "attract");
  return { demo, context, page, faults };
}

const reaches = (page, name) =>
  page.waitForFunction((screen) => document.documentElement.dataset.screen === screen, name);

/** From the attract screen to the customer's own data. */
async function walkToConfirm(page) {
  await page.click("#start");
  await reaches(page, "scan");
  await page.click("#panel >> text=Show code");
  await reaches(page, "insert_card");
  await page.selectOption('#panel [aria-label="card"]', "somchai");
  await page.click("#panel >> text=Insert card");
  await reaches(page, "consents");
  while (await page.isDisabled("#next")) await page.click("#yes");
  await page.click("#next");
  await reaches(page, "confirm");
}

test("a person walks the demonstration to its end", async (t) => {
  const { page, demo, faults } = await openDemo(t);
  await page.screenshot({ path: `${OUT}/demo-attract.png` });
  await walkToConfirm(page);
  await page.screenshot({ path: `${OUT}/demo-confirm.png` });
  assert.ok((await page.textContent("#screen")).includes("สมชาย"));
  await page.click("#yes");
  await reaches(page, "result");
  assert.equal(await page.locator(".verdict.done").count(), 1);
  await page.screenshot({ path: `${OUT}/demo-result.png` });
  await page.click("#finish");
  await reaches(page, "attract");
  const held = await page.evaluate(() => document.documentElement.outerHTML);
  for (const one of PERSONAL) {
    assert.ok(!held.includes(one), `${one} is still in the document`);
    assert.ok(!demo.log.join("\n").includes(one), `${one} is in the log`);
  }
  assert.deepEqual(faults, []);
});

test("pulling the card clears the screen at once", async (t) => {
  const { page } = await openDemo(t, "landscape");
  await walkToConfirm(page);
  await page.click("#panel >> text=Pull card");
  await reaches(page, "result");
  const held = await page.evaluate(() => document.documentElement.outerHTML);
  assert.deepEqual(PERSONAL.filter((one) => held.includes(one)), []);
});

test("another page in the same browser gets nothing and moves nothing", async (t) => {
  const { demo, context, page } = await openDemo(t);
  await walkToConfirm(page);
  const evil = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><body>evil</body>");
  });
  await new Promise((done) => evil.listen(0, "127.0.0.1", done));
  t.after(() => evil.close());
  const port = evil.address().port;
  const before = demo.log.length;
  for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://evil.test:${port}`]) {
    const other = await context.newPage();
    await other.goto(origin);
    const got = await other.evaluate(attack, demo.origin);
    assert.deepEqual(got, []);
    await other.close();
  }
  assert.equal(await page.evaluate(() => document.documentElement.dataset.screen), "confirm");
  const refusals = demo.log.slice(before).filter((line) => line.includes("a local request was refused"));
  assert.ok(refusals.length >= 3 * 10, `${refusals.length} refusals are in the log`);
});

test("a name that is turned to this machine opens nothing", async (t) => {
  const { demo, context } = await openDemo(t);
  const other = await context.newPage();
  const { port } = new URL(demo.origin);
  for (const path of ["/", "/v1/health", "/app.js"]) {
    const answer = await other.goto(`http://evil.test:${port}${path}`);
    assert.equal(answer.status(), 403);
  }
});

/* Runs in the foreign page: every way to ask, and what came back. */
async function attack(target) {
  const got = [];
  const paths = ["/", "/app.js", "/v1/view", "/v1/events", "/v1/health", "/v1/preview.jpg", "/panel/things"];
  const note = (how, text) => { if (text) got.push(`${how}: ${String(text).slice(0, 60)}`); };
  const late = (promise) => Promise.race([promise, new Promise((done) => setTimeout(done, 1_500))]);
  for (const path of paths) {
    for (const mode of ["cors", "no-cors"]) {
      for (const credentials of ["include", "omit"]) {
        await fetch(target + path, { mode, credentials }).then(async (answer) => note(`${mode} ${path}`, await answer.text()), () => {});
      }
    }
  }
  const body = JSON.stringify({ action: "cancel" });
  for (const kind of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json"]) {
    for (const path of ["/v1/actions", "/v1/pair", "/panel/pull"]) {
      for (const mode of ["cors", "no-cors"]) {
        const headers = { "Content-Type": kind };
        await fetch(target + path, { method: "POST", mode, headers, body }).then(async (answer) => note(`post ${path}`, await answer.text()), () => {});
      }
    }
  }
  navigator.sendBeacon(`${target}/panel/pull`, body);
  for (const [tag, property, path] of [["img", "src", "/icons/mark.svg"], ["script", "src", "/app.js"], ["link", "href", "/styles/frame.css"], ["img", "src", "/v1/preview.jpg"]]) {
    await late(new Promise((done) => {
      const element = document.createElement(tag);
      if (tag === "link") element.rel = "stylesheet";
      element.onload = () => { note(`${tag} ${path}`, "loaded"); done(); };
      element.onerror = done;
      element[property] = target + path;
      document.body.append(element);
    }));
  }
  await late(new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => {
      try { note("iframe", frame.contentDocument?.body?.textContent); } catch { /* not ours to read */ }
      done();
    };
    frame.src = `${target}/`;
    document.body.append(frame);
  }));
  await late(new Promise((done) => {
    const source = new EventSource(`${target}/v1/events`);
    source.onmessage = (event) => note("events", event.data);
    source.onerror = () => { source.close(); done(); };
  }));
  await late(new Promise((done) => {
    const socket = new WebSocket(`${target.replace("http", "ws")}/v1/events`);
    socket.onopen = () => note("socket", "open");
    socket.onmessage = (event) => note("socket", event.data);
    socket.onerror = done;
  }));
  const worker = new Worker(URL.createObjectURL(new Blob([`fetch("${target}/v1/view").then((a) => a.text()).then(postMessage, () => postMessage(""))`])));
  await late(new Promise((done) => { worker.onmessage = (event) => { note("worker", event.data); done(); }; }));
  const form = document.createElement("form");
  form.method = "post";
  form.enctype = "text/plain";
  form.action = `${target}/panel/pull`;
  form.target = "sink";
  const sink = document.createElement("iframe");
  sink.name = "sink";
  document.body.append(sink, form);
  form.submit();
  await late(new Promise((done) => { sink.onload = done; }));
  return got;
}
