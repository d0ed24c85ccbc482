/** Traffic and latency over time. */
import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { duration, rate, tick } from "./format.js";

/** @import { Store } from "./store.js" */
/** @import { Sample } from "../wire.ts" */

/** @param {(sample: Sample) => number} of */
const perSecond = (of) => (/** @type {Sample} */ sample) => of(sample) / sample.seconds;

export const createCharts = () => {
  const charts = [
    new Chart(byId("traffic-chart"), {
      title: "Requests a second",
      text: rate,
      axis: tick,
      lines: [
        { label: "requests", color: "ink-requests", filled: true, value: perSecond((each) => each.requests) },
        { label: "errors", color: "ink-errors", dash: [5, 3], value: perSecond((each) => each.failures) },
      ],
    }),
    new Chart(byId("latency-chart"), {
      title: "Latency, 10 s window",
      text: duration,
      axis: duration,
      lines: [
        { label: "p50", color: "ink-p50", value: ({ p50 }) => p50 },
        { label: "p95", color: "ink-p95", dash: [7, 3], value: ({ p95 }) => p95 },
        { label: "p99", color: "ink-p99", dash: [2, 3], value: ({ p99 }) => p99 },
      ],
    }),
  ];
  return {
    /** @param {Store} store */
    update: ({ samples }) => {
      for (const chart of charts) chart.update(samples, shownSeconds());
    },
    redraw: () => {
      for (const chart of charts) chart.redraw();
    },
  };
};

/** The span of time that the page shows, in seconds. */
export const shownSeconds = () => {
  const chosen = document.querySelector('input[name="window"]:checked');
  return chosen instanceof HTMLInputElement ? Number(chosen.value) : 300;
};

/** @param {() => void} changed */
export const onWindowChange = (changed) => {
  for (const input of document.querySelectorAll('input[name="window"]'))
    input.addEventListener("change", changed);
};
