// Starts the demonstration: the real agent around simulated devices and the simulated bank.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));
/** The program starts within a second; a busy machine may take longer. */
const START_MS = 30_000;

/** The running demonstration: `url` of the page with its key, `log` line by line, `stop()`. */
export function startDemo(...options) {
  return new Promise((started, failed) => {
    const child = spawn(`${TARGET}/debug/simulator`, ["demo", "--port", "0", ...options]);
    const log = [];
    const ended = new Promise((end) => child.on("exit", end));
    const late = setTimeout(() => failed(new Error(`no page after ${START_MS} ms: ${log.join("\n")}`)), START_MS);
    const stop = async () => {
      child.kill("SIGINT");
      await ended;
    };
    const hear = (line) => {
      log.push(line);
      const url = line.match(/http:\/\/127\.0\.0\.1:\d+\/#key=\w+/)?.[0];
      if (!url) return;
      clearTimeout(late);
      started({ url, origin: new URL(url).origin, log, stop });
    };
    createInterface({ input: child.stdout }).on("line", hear);
    createInterface({ input: child.stderr }).on("line", hear);
    child.on("error", failed);
    ended.then((code) => failed(new Error(`the demonstration ended with ${code}: ${log.join("\n")}`)));
  });
}
