/** Everything that is wrong with a config, at once. */
export type { ConfigProblem } from "./problem.ts";
import { maskLine } from "./masking.ts";
import { type ConfigProblem, type Place, showPath } from "./problem.ts";

const EXCERPT_WIDTH = 120;

const excerpt = (place: Place): string[] => {
  if (place.text === undefined || place.line === undefined || place.column === undefined) return [];
  const start = place.column - 1 < EXCERPT_WIDTH * 0.75 ? 0 : place.column - 1 - EXCERPT_WIDTH / 2;
  const cut = place.text.length > start + EXCERPT_WIDTH;
  const shown = place.text.slice(start, start + EXCERPT_WIDTH).replaceAll("\t", " ");
  const gutter = String(place.line);
  const before = place.column - 1 - start + (start > 0 ? 1 : 0);
  const marks = Math.max(1, Math.min(place.length ?? 1, shown.length - (place.column - 1 - start)));
  return [
    `  ${gutter} | ${start > 0 ? "…" : ""}${shown}${cut ? "…" : ""}`,
    `  ${" ".repeat(gutter.length)} | ${" ".repeat(before)}${"^".repeat(marks)}`,
  ];
};

const position = (place: Place | undefined): string => {
  if (place === undefined) return "";
  if (place.line === undefined) return `${place.source}: `;
  return `${place.source}:${place.line}:${place.column ?? 1}: `;
};

const render = (problem: ConfigProblem): string => {
  const path = showPath(problem.path);
  const head = `${position(problem.place)}${path === "" ? "" : `${path}: `}${problem.message}`;
  return [head, ...(problem.place === undefined ? [] : excerpt(problem.place))].join("\n");
};

const byPlace = (a: ConfigProblem, b: ConfigProblem): number =>
  (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0);

const withoutSecrets = (problem: ConfigProblem): ConfigProblem => {
  const { place } = problem;
  return place?.text === undefined
    ? problem
    : { ...problem, place: { ...place, text: maskLine(place.text) } };
};

/**
 * A config that can't be used. `problems` holds all that is wrong, in the order of the file where there is one;
 * `report` is the text to show, with the place, the line and a caret for each. Neither ever holds a secret.
 */
export class ConfigError extends TypeError {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const ordered = problems.map(withoutSecrets).toSorted(byPlace);
    super(ordered.map(render).join("\n"));
    this.problems = ordered;
  }

  get report(): string {
    const count = this.problems.length;
    const title = count === 1 ? "The config has a problem:" : `The config has ${count} problems:`;
    return `${title}\n\n${this.problems.map(render).join("\n\n")}\n`;
  }
}
