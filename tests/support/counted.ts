/** What a running proxy has counted, read from its /metrics. */
import { type Sample, samplesIn } from "./exposition.ts";
import type { Stage } from "./suite.ts";

export const ADMIN_PATH: string = "/_fairlead";
export const ADMIN_TOKEN: string = "token-of-the-operators";

export const scrape = async (stage: Stage): Promise<readonly Sample[]> => {
  const response = await stage.request(`${ADMIN_PATH}/metrics`, {
    fields: [`Authorization: Bearer ${ADMIN_TOKEN}`],
  });
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${response.text}`);
  return samplesIn(response.text);
};

type Counts = Readonly<Record<string, number>>;

/** Samples of one name, by `labels`. */
const countsIn = (samples: readonly Sample[], name: string, labels: readonly string[]): Counts => {
  const counts: Record<string, number> = {};
  for (const sample of samples) {
    if (sample.name !== name) continue;
    const key = labels.map((label) => sample.labels[label] ?? "-").join(" ");
    counts[key] = (counts[key] ?? 0) + sample.value;
  }
  return counts;
};

const changesOf = (now: Counts, before: Counts): Counts =>
  Object.fromEntries(
    Object.entries(now)
      .map(([key, count]) => [key, count - (before[key] ?? 0)] as const)
      .filter(([, count]) => count !== 0),
  );

/** Requests as "method status error", and attempts likewise, that were counted since `before`. */
const trafficSince = (samples: readonly Sample[], before: readonly Sample[]): Record<string, Counts> => {
  const labels = ["http_request_method", "http_response_status_code", "error_type"];
  const of = (name: string): Counts =>
    changesOf(countsIn(samples, name, labels), countsIn(before, name, labels));
  return {
    requests: of("http_server_request_duration_seconds_count"),
    attempts: of("http_client_request_duration_seconds_count"),
  };
};

/** Reads until `isEnough` of what was counted: the end of a request is counted when its client may know it already. */
export const counted = async (
  stage: Stage,
  before: readonly Sample[],
  expected: Record<string, Counts>,
): Promise<Record<string, Counts>> => {
  const wanted = JSON.stringify(sorted(expected));
  let traffic: Record<string, Counts> = {};
  for (let tries = 0; tries < 100; tries += 1) {
    traffic = trafficSince(await scrape(stage), before);
    if (JSON.stringify(sorted(traffic)) === wanted) break;
  }
  return traffic;
};

const sorted = (traffic: Record<string, Counts>): unknown =>
  ["requests", "attempts"].map((kind) =>
    Object.entries(traffic[kind] ?? {}).toSorted(([a], [b]) => a.localeCompare(b)),
  );
