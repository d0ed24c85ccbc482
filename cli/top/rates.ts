/** Requests a second. */
import type { Snapshot } from "../../handlers/snapshot.ts";
import { trafficByKey } from "./snapshot.ts";

const MS_PER_SECOND = 1_000;

/**
 * Rates by key between two snapshots. What `before` does not know, or where it is of another process, goes by the recent window
 * that the proxy itself keeps.
 */
export const ratesBetween = (before: Snapshot | undefined, after: Snapshot): ReadonlyMap<string, number> => {
  const known = before?.startedAt === after.startedAt ? trafficByKey(before) : undefined;
  const seconds = (after.time - (before?.time ?? after.time)) / MS_PER_SECOND;
  return new Map(
    Array.from(trafficByKey(after), ([key, { requests, recent }]): [string, number] => {
      const earlier = known?.get(key)?.requests;
      if (earlier !== undefined && seconds > 0 && requests >= earlier)
        return [key, (requests - earlier) / seconds];
      return [key, recent.seconds > 0 ? recent.requests / recent.seconds : 0];
    }),
  );
};
