/** Making and changing elements. Text only ever becomes text: names of hosts, routes and clients are not to be trusted. */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export const byId = (id) => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
};

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {readonly (Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const element = (tag, attributes = {}, children = []) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/**
 * Changes nothing where the text is the same, so that selections stay.
 *
 * @param {Element} at
 * @param {string} text
 */
export const setText = (at, text) => {
  if (at.textContent !== text) at.textContent = text;
};

/**
 * @param {Element} at
 * @param {string} name
 * @param {string | undefined} value undefined removes it
 */
export const setAttribute = (at, name, value) => {
  if (value === undefined) at.removeAttribute(name);
  else if (at.getAttribute(name) !== value) at.setAttribute(name, value);
};

/**
 * A line, and a smaller one under it.
 *
 * @param {Element} at
 * @param {string} first
 * @param {string} under
 */
export const setLines = (at, first, under) => {
  if (at.childElementCount !== 2)
    at.replaceChildren(element("span", { class: "first" }), element("span", { class: "under" }));
  const [above, below] = at.children;
  if (above !== undefined) setText(above, first);
  if (below !== undefined) setText(below, under);
};

const SVG = "http://www.w3.org/2000/svg";

/** Shapes differ too, not colours alone. */
const SHAPES = {
  ok: "M6 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z",
  warn: "M6 1 11.4 10.5H.6Z",
  bad: "M2.1.9 6 4.8 9.9.9l1.2 1.2L7.2 6l3.9 3.9-1.2 1.2L6 7.2l-3.9 3.9L.9 9.9 4.8 6 .9 2.1Z",
  off: "M2 1.5h3v9H2zM7 1.5h3v9H7z",
  unknown: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Zm0 1.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
};

/** @typedef {keyof typeof SHAPES} Shape */

/**
 * A word with a shape in front of it.
 *
 * @param {Element} at
 * @param {Shape} shape
 * @param {string} text
 */
export const setState = (at, shape, text) => {
  if (at.getAttribute("data-state") !== shape || at.childElementCount !== 2) {
    const icon = document.createElementNS(SVG, "svg");
    icon.setAttribute("viewBox", "0 0 12 12");
    icon.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", SHAPES[shape]);
    icon.append(path);
    at.classList.add("state");
    at.setAttribute("data-state", shape);
    at.replaceChildren(icon, element("span"));
  }
  const [, words] = at.children;
  if (words !== undefined) setText(words, text);
};

/** Tells people who use a screen reader. @param {string} text */
export const announce = (text) => setText(byId("announcer"), text);
