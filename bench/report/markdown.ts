/** Small pieces of Markdown. */

/** A table; columns from the second on are right-aligned. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? ":--" : "--:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

/** Something that opens on a click. */
export const details = (title: string, body: string): string =>
  `<details>\n<summary>${title}</summary>\n\n${body}\n\n</details>`;

/** Three significant digits or so; "–" for what was not measured. */
export const figure = (value: number | undefined): string => {
  if (value === undefined || !Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-GB");
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
};

/** `value` in its own best unit, from nanoseconds. */
export const duration = (nanoseconds: number): string => {
  if (nanoseconds < 1000) return `${figure(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${figure(nanoseconds / 1e3)} µs`;
  return `${figure(nanoseconds / 1e6)} ms`;
};

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. Throws where the markers are missing. */
export const replaceSection = (text: string, name: string, body: string): string => {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`no section ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n${body}\n${text.slice(to)}`;
};
