/** What the page knows, brought up to date by messages of the stream. */

/** @import { Activity, CauseInfo, EndpointRow, FullMessage, Overview, Sample, TickMessage } from "../wire.ts" */
/** @import { FailureEntry } from "../../control.ts" */

const MOST_SAMPLES = 600;
const MOST_FAILURES = 200;
const MOST_ACTIVITY = 100;
/** Weight of the newest second in a rate. */
const FRESHNESS = 0.3;

/**
 * @typedef {object} LiveEndpoint
 * @property {EndpointRow} row
 * @property {number} rate attempts a second, of the last few seconds
 */

export class Store {
  /** @type {Overview | undefined} */
  overview;
  /** @type {Readonly<Record<string, CauseInfo>>} */
  causes = {};
  /** Oldest first. @type {Sample[]} */
  samples = [];
  /** @type {Map<string, LiveEndpoint>} */
  endpoints = new Map();
  /** Newest first. @type {readonly FailureEntry[]} */
  failures = [];
  failuresLeftOut = 0;
  /** Newest first. @type {readonly Activity[]} */
  activity = [];

  /** Samples and failures from before a restart, which the new process does not know, stay. @param {FullMessage} message */
  full(message) {
    const before = this.endpoints;
    this.overview = message.overview;
    this.causes = message.causes;
    const [first] = message.samples;
    const earlier = this.samples.filter(({ time }) => first === undefined || time < first.time);
    this.samples = [...earlier, ...message.samples].slice(-MOST_SAMPLES);
    this.failures = this.#withFailures(message.failures);
    this.failuresLeftOut = 0;
    this.activity = message.activity;
    this.endpoints = new Map(
      message.endpoints.map((row) => [row.id, { row, rate: before.get(row.id)?.rate ?? recentRate(row) }]),
    );
  }

  /** @param {TickMessage} message */
  tick(message) {
    const { overview, sample, endpoints, gone, failures } = message;
    this.overview = overview;
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
    this.#endpoints(endpoints, sample.seconds);
    for (const id of gone) this.endpoints.delete(id);
    if (failures.length > 0) this.failures = this.#withFailures(failures);
    this.failuresLeftOut += message.failuresLeftOut;
    if (message.activity.length > 0)
      this.activity = [...message.activity, ...this.activity].slice(0, MOST_ACTIVITY);
  }

  /** @param {readonly EndpointRow[]} changed @param {number} seconds */
  #endpoints(changed, seconds) {
    const requests = new Map(changed.map((row) => [row.id, row.traffic.requests]));
    for (const [id, known] of this.endpoints) {
      const now = requests.get(id) ?? known.row.traffic.requests;
      const latest = seconds > 0 ? Math.max(0, now - known.row.traffic.requests) / seconds : 0;
      const rate = known.rate + (latest - known.rate) * FRESHNESS;
      known.rate = rate < 0.05 ? 0 : rate;
    }
    for (const row of changed) {
      const known = this.endpoints.get(row.id);
      if (known === undefined) this.endpoints.set(row.id, { row, rate: 0 });
      else known.row = row;
    }
  }

  /** Adds those that are not known: a full message may repeat earlier ones, and the first tick those of the full message. @param {readonly FailureEntry[]} fresh */
  #withFailures(fresh) {
    const known = new Set(this.failures.slice(0, MOST_FAILURES).map(failureId));
    const added = fresh.filter((each) => !known.has(failureId(each)));
    return [...added, ...this.failures].slice(0, MOST_FAILURES);
  }
}

/** A client may choose the id of its request, and use it twice. @param {FailureEntry} failure */
export const failureId = ({ requestId, time }) => `${time} ${requestId}`;

/** @param {EndpointRow} row */
const recentRate = ({ traffic: { recent } }) => (recent.seconds > 0 ? recent.requests / recent.seconds : 0);
