/** What one reader saw of counters and histograms at its last collection. Shows which series have begun anew since. */
import { seriesKey } from "./metric-memory.ts";
import { type Point, type Reading, countOf } from "./metric-reading.ts";

/** A series at one collection. */
interface Seen extends Pick<Point, "startedAt" | "value"> {
  /** When it began, or began anew, in milliseconds since 1970; undefined where it began with all others. */
  readonly since: number | undefined;
}

/** A series since the last collection. */
export interface SeriesChange {
  readonly since: Seen["since"];
  /** Its value then; undefined where it has begun since. */
  readonly before: Point["value"] | undefined;
}

export class SeriesHistory {
  #last: ReadonlyMap<string, Seen> = new Map();
  #lastAt: number | undefined;

  /** When the last collection was, in milliseconds since 1970. */
  get lastAt(): number | undefined {
    return this.#lastAt;
  }

  /**
   * Begins a collection at `now`. Call what is returned once for each series.
   *
   * A series has begun anew where its `startedAt` is another one, or where its value is less than it was: what an observer reads
   * begins at 0 again when the part that keeps it is replaced.
   */
  collect(now: number): (instrument: Reading["instrument"], point: Point) => SeriesChange {
    const [last, lastAt] = [this.#last, this.#lastAt];
    const seen = new Map<string, Seen>();
    this.#last = seen;
    this.#lastAt = now;
    return ({ name }, { attributes, value, startedAt }) => {
      const key = seriesKey({ instrument: name, attributes });
      const known = last.get(key);
      const isAnew =
        known !== undefined && (known.startedAt !== startedAt || countOf(value) < countOf(known.value));
      const since = startedAt ?? (isAnew ? lastAt : known?.since);
      seen.set(key, { value, startedAt, since });
      return { since, before: isAnew ? undefined : known?.value };
    };
  }
}
