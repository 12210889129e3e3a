// Makes elements. Text only ever becomes text: nothing here parses markup, so nothing shown can run.

/**
 * An element with attributes, listeners and children.
 * `on` holds listeners; `null`, `undefined` and `false` leave an attribute or child out; `true` sets it empty.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, ...rest } = attributes;
  for (const [name, value] of Object.entries(rest)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A picture that says nothing that the words beside it do not say. */
export function icon(name, kind = "icon") {
  return make("img", { class: kind, src: `/icons/${name}.svg`, alt: "", draggable: "false" });
}

/** A button; `kind` is `primary`, `plain` or `quiet`. */
export function button(kind, label, click, attributes = {}) {
  return make("button", { type: "button", class: `button ${kind}`, ...attributes, on: { click } }, label);
}
