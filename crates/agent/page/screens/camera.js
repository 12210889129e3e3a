// The camera's frames, drawn as they come and gone with the screen.

import { frame } from "../api.js";
import { make } from "../dom.js";

/** While no camera looks, it is asked again after this time. */
const IDLE_MS = 1_000;

export class CameraView {
  #running = false;

  constructor(label) {
    this.element = make("canvas", { class: "camera", width: "4", height: "3", role: "img", "aria-label": label, hidden: true });
  }

  start() {
    this.#running = true;
    this.#run();
  }

  /** Stops, and leaves nothing of the last frame. */
  stop() {
    this.#running = false;
    this.element.width = 0;
    this.element.remove();
  }

  async #run() {
    while (this.#running) {
      const picture = await frame().catch(() => null);
      if (picture !== null && this.#running) this.#draw(picture);
      picture?.close();
      if (picture === null) await new Promise((done) => setTimeout(done, IDLE_MS));
    }
  }

  #draw(picture) {
    const { element } = this;
    if (element.width !== picture.width) element.width = picture.width;
    if (element.height !== picture.height) element.height = picture.height;
    element.getContext("2d").drawImage(picture, 0, 0);
    element.hidden = false;
  }
}
