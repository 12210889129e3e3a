// Stands in for the agent: serves the page's files and the API's answers that a test chooses.
//
// The views are those that the agent's own tests compare with what it renders, the security policy is the
// agent's own file. It decides nothing and keeps what the page sent.

import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = here("../../crates/agent/page");
const POLICY = here("../../crates/agent/src/api/content_security_policy.txt");
const VIEWS = here("views");
const CAMERA = here("../pictures/face.jpg");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Every view by name, the portrait put in. */
export async function views() {
  const portrait = `data:image/jpeg;base64,${(await readFile(join(VIEWS, "portrait.jpg"))).toString("base64")}`;
  const found = {};
  for (const file of (await readdir(VIEWS)).filter((name) => name.endsWith(".json")).sort()) {
    const view = JSON.parse(await readFile(join(VIEWS, file), "utf8"));
    if (view.screen.portrait) view.screen.portrait = portrait;
    found[file.slice(0, -5)] = view;
  }
  return found;
}

export class Agent {
  /** What the page sent, oldest first. */
  actions = [];
  #streams = new Set();
  #view = null;
  #waiting = [];
  #paired = true;
  #away = false;

  static async start(first) {
    const agent = new Agent();
    agent.#view = first;
    agent.policy = (await readFile(POLICY, "utf8")).trim();
    agent.camera = await readFile(CAMERA);
    agent.server = createServer((request, response) => agent.#answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    }));
    await new Promise((done) => agent.server.listen(0, "127.0.0.1", done));
    agent.origin = `http://127.0.0.1:${agent.server.address().port}`;
    return agent;
  }

  /** Shows a view on every open page. */
  show(view) {
    this.#view = view;
    for (const stream of this.#streams) stream.write(event(view));
  }

  /** Ends every stream, as an agent does that stops; with `unpaired` it does not know the page any more. */
  cut({ unpaired = false } = {}) {
    this.#paired = !unpaired;
    for (const stream of this.#streams) stream.end();
  }

  /** Ends every stream and answers none any more, as an agent does that does not come back. */
  leave() {
    this.#away = true;
    this.cut();
  }

  /** The next action that is not only a sign of life. */
  async action() {
    for (;;) {
      const next = this.actions.shift() ?? await new Promise((take) => this.#waiting.push(take));
      if (next.action !== "still_here") return next;
    }
  }

  async stop() {
    this.cut();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    response.setHeader("Content-Security-Policy", this.policy);
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (pathname === "/v1/pair") return json(response, { token: "t".repeat(64) });
    if (pathname.startsWith("/v1/")) return this.#api(pathname, request, response);
    const path = normalize(join(PAGE, pathname === "/" ? "index.html" : pathname));
    const file = path.startsWith(PAGE) ? await readFile(path).catch(() => null) : null;
    if (file === null) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] }).end(file);
  }

  async #api(pathname, request, response) {
    if (this.#away) return response.writeHead(503).end();
    if (!this.#paired || request.headers.authorization !== `Bearer ${"t".repeat(64)}`) {
      return response.writeHead(401).end();
    }
    if (pathname === "/v1/preview.jpg") {
      return response.writeHead(200, { "Content-Type": "image/jpeg" }).end(this.camera);
    }
    if (pathname === "/v1/actions") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const action = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const take = this.#waiting.shift();
      if (take) take(action);
      else this.actions.push(action);
      return json(response, { ok: true });
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(event(this.#view));
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }
}

const event = (view) => `data: ${JSON.stringify(view)}\n\n`;

function json(response, value) {
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}
