/** Everything that is wrong with a config, at once. */
export type { ConfigProblem } from "./problem.ts";
import { maskLine } from "./masking.ts";
import { byPlace, type ConfigProblem, MOST_SHOWN, type Place, problemAt, showPath } from "./problem.ts";

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

/** The first of `problems`, and how many there are more. */
const renderAll = (problems: readonly ConfigProblem[], between: string): string => {
  const more = problems.length - MOST_SHOWN;
  const shown = problems.slice(0, MOST_SHOWN).map(render);
  return [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join(between);
};

const withoutSecrets = (problem: ConfigProblem): ConfigProblem => {
  const { place } = problem;
  return place?.text === undefined
    ? problem
    : { ...problem, place: { ...place, text: maskLine(place.text) } };
};

/** Why the file at `place` can't be used at all. */
export const unusable = (place: Place, message: string): ConfigError =>
  new ConfigError([problemAt([], message, { place })]);

/**
 * A config that can't be used. `problems` holds all that is wrong, in the order of the file where there is one;
 * `report` is the text to show, with the place, the line and a caret for each of the first 100. Neither ever holds a secret.
 */
export class ConfigError extends TypeError {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const ordered = problems.map(withoutSecrets).toSorted(byPlace);
    super(renderAll(ordered, "\n"));
    this.problems = ordered;
  }

  get report(): string {
    const count = this.problems.length;
    const title = count === 1 ? "The config has a problem:" : `The config has ${count} problems:`;
    return `${title}\n\n${renderAll(this.problems, "\n\n")}\n`;
  }
}
