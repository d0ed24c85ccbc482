/** One chart over time, with a legend that is text: values of the moment, or those under the pointer. */
import { element, setAttribute, setText } from "./dom.js";
import { timeOfDay } from "./format.js";

/** @import { Sample } from "../wire.ts" */

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color class of its colour
 * @property {number[]} [dash] so that lines differ without colour
 * @property {boolean} [filled]
 * @property {(sample: Sample) => number | undefined} value
 */

/**
 * @typedef {object} ChartOptions
 * @property {string} title
 * @property {readonly Line[]} lines
 * @property {(value: number) => string} text
 * @property {(value: number) => string} axis
 */

/** Its script is loaded before the modules. */
const { uPlot } = /** @type {{ uPlot: typeof import("uplot") }} */ (/** @type {unknown} */ (globalThis));

/** Where samples are further apart, the line is broken: nobody looked. */
const GAP_MS = 3_500;
/** Of the time axis: a page that was opened just now has little to show. */
const SHORTEST_MS = 60_000;
const HEIGHT = 180;
const AXIS_WIDTH = 56;

/** Pointers of all charts move together. */
const SYNC = "charts";

export class Chart {
  #options;
  /** @type {import("uplot")} */
  #plot;
  #box = element("div", { class: "plot" });
  #values;
  #swatches;
  /** @type {readonly Sample[]} */
  #samples = [];
  #time = element("span", { class: "muted at" });
  #axisInk = element("span", { class: "axis-ink", hidden: "" });

  /** @param {HTMLElement} figure @param {ChartOptions} options */
  constructor(figure, options) {
    this.#options = options;
    this.#values = options.lines.map(() => element("b"));
    this.#swatches = options.lines.map(({ color, dash }) =>
      element("i", { class: `swatch ${color}${dash === undefined ? "" : " dashed"}` }),
    );
    const legend = options.lines.map(({ label }, index) =>
      element("span", { class: "key" }, [
        ...this.#swatches.slice(index, index + 1),
        label,
        " ",
        ...this.#values.slice(index, index + 1),
      ]),
    );
    figure.append(
      element("figcaption", {}, [
        element("strong", {}, [options.title]),
        element("span", { class: "legend" }, [...legend, this.#time]),
      ]),
      this.#box,
      this.#axisInk,
    );
    this.#box.setAttribute("role", "img");
    this.#plot = this.#makePlot();
    new ResizeObserver(() => this.#resize()).observe(this.#box);
  }

  /** @param {readonly Sample[]} all oldest first @param {number} seconds shown */
  update(all, seconds) {
    const end = all.at(-1)?.time ?? Date.now();
    const first = all.find(({ seconds: length }) => length > 0)?.time ?? end;
    const from = Math.min(Math.max(end - seconds * 1_000, first), end - SHORTEST_MS);
    this.#samples = withGaps(all.filter(({ time, seconds: length }) => time >= from && length > 0));
    const times = this.#samples.map(({ time }) => time / 1_000);
    const lines = this.#options.lines.map(({ value }) =>
      this.#samples.map((sample) => (Number.isNaN(sample.seconds) ? null : (value(sample) ?? null))),
    );
    this.#plot.setData([times, ...lines], false);
    this.#plot.setScale("x", { min: from / 1_000, max: end / 1_000 });
    this.#showValues();
    setAttribute(this.#box, "aria-label", this.#summary());
  }

  /** Colours may have changed. */
  redraw() {
    this.#plot.redraw(false, true);
  }

  #makePlot() {
    const { lines, axis } = this.#options;
    const ink = () => getComputedStyle(this.#axisInk).color;
    const grid = { stroke: () => getComputedStyle(this.#axisInk).borderTopColor, width: 1 };
    const font = "12px system-ui, sans-serif";
    const ticks = { show: false };
    /** @type {import("uplot").Options} */
    const options = {
      width: 400,
      height: HEIGHT,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, sync: { key: SYNC }, points: { size: 6 } },
      scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      series: [
        {},
        ...lines.map(({ dash, filled }, index) => ({
          stroke: () => this.#colorOf(index),
          width: 1.5,
          points: { show: false },
          ...(dash && { dash }),
          ...(filled === true && { fill: () => translucent(this.#colorOf(index)) }),
        })),
      ],
      axes: [
        {
          stroke: ink,
          grid: { show: false },
          ticks,
          font,
          space: 70,
          size: 28,
          values: (_plot, splits) => splits.map((each) => timeOfDay(each * 1_000)),
        },
        {
          stroke: ink,
          grid,
          ticks,
          font,
          space: 36,
          size: AXIS_WIDTH,
          values: (_plot, splits) => splits.map((each) => axis(each)),
        },
      ],
      hooks: { setCursor: [() => this.#showValues()] },
    };
    return new uPlot(options, [[], ...lines.map(() => [])], this.#box);
  }

  #resize() {
    const { width } = this.#box.getBoundingClientRect();
    if (width > 0) this.#plot.setSize({ width: Math.floor(width), height: HEIGHT });
  }

  /** @param {number} index */
  #colorOf(index) {
    const swatch = this.#swatches[index];
    return swatch === undefined ? "gray" : getComputedStyle(swatch).color;
  }

  #showValues() {
    const pointed = this.#plot?.cursor.idx ?? undefined;
    const sample = pointed === undefined ? this.#samples.at(-1) : this.#samples[pointed];
    const isGap = sample === undefined || Number.isNaN(sample.seconds);
    this.#options.lines.forEach(({ value }, index) => {
      const of = isGap ? undefined : value(sample);
      const at = this.#values[index];
      if (at !== undefined) setText(at, of === undefined ? "–" : this.#options.text(of));
    });
    setText(this.#time, pointed === undefined || isGap ? "" : `at ${timeOfDay(sample.time)}`);
  }

  #summary() {
    const last = this.#samples.at(-1);
    const values = this.#options.lines.map(({ label, value }) => {
      const now = last && value(last);
      return `${label} ${now === undefined ? "none" : this.#options.text(now)}`;
    });
    return `${this.#options.title} over time. Now: ${values.join(", ")}`;
  }
}

/** @param {string} color */
const translucent = (color) => color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)");

/** @param {readonly Sample[]} samples @returns {readonly Sample[]} */
const withGaps = (samples) =>
  samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    if (before === undefined || sample.time - before.time < GAP_MS) return [sample];
    return [{ time: before.time + 1, seconds: Number.NaN, requests: 0, failures: 0, causes: {} }, sample];
  });
