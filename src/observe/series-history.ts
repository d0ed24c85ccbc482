/** What one reader has seen of counters and histograms, by which a series is known that has begun anew. */
import { seriesKey } from "./metric-memory.ts";
import { type Point, type Reading, countOf } from "./metric-reading.ts";

/** A series at one collection. */
interface Seen extends Pick<Point, "startedAt" | "value"> {
  /** When it has begun as it is now, in milliseconds since 1970; undefined where that was with all others. */
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
   * A series has begun anew where it says so, or where its value is less than it was: values that others keep begin at 0 again
   * with whoever keeps them.
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
