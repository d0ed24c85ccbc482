/** Events: what happens apart from single requests. */
import type { LogOutput } from "../core/log-output.ts";
import type { Clock } from "../core/platform.ts";
import { JsonLines, type LineWriter, PairLines, fact } from "./line-writer.ts";
import { isoTimestamps } from "./timestamps.ts";

export type LogLevel = "debug" | "info" | "warning" | "error";
/** Least level that is written. */
export type LogThreshold = LogLevel | "off";

export const LOG_THRESHOLDS: readonly LogThreshold[] = ["debug", "info", "warning", "error", "off"];

const RANKS: Readonly<Record<LogThreshold, number>> = { debug: 0, info: 1, warning: 2, error: 3, off: 4 };

export interface LogEvent {
  /** Lower-case words with dots between them, the general one first: `upstream.health`. */
  readonly category: string;
  readonly level: LogLevel;
  /** One sentence without secrets, and without anything that a client sent. */
  readonly message: string;
  /** Further facts by name. */
  readonly facts?: Readonly<Record<string, string | number | undefined>>;
  /** Stays in the log: no record of it goes to a collector. For the loss of log records, which would be lost as well. @default false */
  readonly isLocal?: boolean;
}

export interface EventLogOptions {
  readonly output: LogOutput;
  readonly format: "json" | "text";
  readonly level: LogThreshold;
  /** Levels of single categories and of all below them. */
  readonly levels: Readonly<Record<string, LogThreshold>>;
  readonly clock: Pick<Clock, "epoch">;
  /** Takes the same events as records. */
  readonly record?: ((event: LogEvent) => void) | undefined;
}

const EVENT = fact("event");
const MESSAGE = fact("message");

/** Writes events whose level is high enough for their category. */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #levels: Map<string, LogThreshold>;
  readonly #timestamp = isoTimestamps();
  readonly #line: LineWriter;
  /** The rank that `#levels` gives each category seen so far. The number of categories is fixed. */
  readonly #ranks = new Map<string, number>();

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#line = options.format === "json" ? new JsonLines() : new PairLines();
    this.#levels = new Map(Object.entries(options.levels));
    this.#levels.set("", options.level);
  }

  /** Sets the level of `category` and of those below it without a level of their own; `""` is the root of all. */
  setLevel(category: string, level: LogThreshold): void {
    this.#levels.set(category, level);
    this.#ranks.clear();
  }

  /** @returns false where the line was lost. */
  emit(event: LogEvent): boolean {
    const { category, level, message, facts = {}, isLocal = false } = event;
    if (RANKS[level] < this.#rankOf(category)) return true;
    const { output, clock, record } = this.#options;
    if (!isLocal) record?.(event);
    const buffer = output.begin();
    if (buffer === undefined) return false;
    const line = this.#line;
    line.begin(buffer, this.#timestamp(clock.epoch()), level);
    line.text(EVENT, category);
    line.text(MESSAGE, message);
    for (const [key, value] of Object.entries(facts)) {
      if (typeof value === "number") line.number(fact(key), value);
      else line.text(fact(key), value);
    }
    line.end();
    output.end();
    return true;
  }

  #rankOf(category: string): number {
    const known = this.#ranks.get(category);
    if (known !== undefined) return known;
    let at = category;
    while (at !== "" && !this.#levels.has(at)) at = at.slice(0, Math.max(0, at.lastIndexOf(".")));
    const rank = RANKS[this.#levels.get(at) ?? "info"];
    this.#ranks.set(category, rank);
    return rank;
  }
}
