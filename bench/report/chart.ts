/** A bar chart as SVG that reads on light and dark pages alike. */
import type { ContenderGroup } from "../load/contender.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly group: ContenderGroup;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LABEL_WIDTH = 190;
const VALUE_WIDTH = 70;
const ROW = 24;
const TITLE = 40;
const LEGEND = 34;

const LEGENDS: Readonly<Record<ContenderGroup, string>> = {
  fairlead: "Fairlead",
  hono: "Fairlead in a Hono app",
  server: "server, same header work",
  library: "library",
  bare: "bare proxy",
};

/**
 * Every colour has a contrast of at least 3 : 1 on white and on near-black, the text 4.3 : 1. One set for both: an
 * image can't know the scheme of the page it stands in, only that of the system.
 */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #737b85; }
.title, .strong { font-weight: 600; }
.fairlead { fill: #2f81f7; } .hono { fill: #1a9e8f; } .server { fill: #8c959f; } .library { fill: #bf8700; } .bare { fill: #a371f7; }`;

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const shown = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

const barRow = (bar: Bar, y: number, longest: number): string => {
  const length = Math.max(2, (bar.value / longest) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH));
  const weight = bar.group === "fairlead" ? ' class="strong"' : "";
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end"${weight}>${escaped(bar.label)}</text>`,
    `<rect class="${bar.group}" x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${ROW - 7}" rx="2"/>`,
    `<text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${y + 13}"${weight}>${shown(bar.value)}</text>`,
  ].join("\n");
};

const panelRows = (panel: Panel, top: number): string => {
  const longest = panel.bars.reduce((most, { value }) => Math.max(most, value), 1);
  const bars = panel.bars.toSorted((a, b) => a.value - b.value);
  return [
    `<text class="title" x="0" y="${top + 22}">${escaped(panel.title)}</text>`,
    ...bars.map((bar, i) => barRow(bar, top + TITLE + i * ROW, longest)),
  ].join("\n");
};

/** Panels one below the other, bars sorted, shortest first. */
export const barChart = (panels: readonly Panel[]): string => {
  const rows: string[] = [];
  let top = LEGEND;
  for (const panel of panels) {
    rows.push(panelRows(panel, top));
    top += TITLE + panel.bars.length * ROW + 8;
  }
  const groups = new Set(panels.flatMap(({ bars }) => bars.map(({ group }) => group)));
  let left = 0;
  const legend = [...groups].map((group) => {
    const at = left;
    left += 40 + LEGENDS[group].length * 7;
    return (
      `<rect class="${group}" x="${at}" y="6" width="12" height="12" rx="2"/>` +
      `<text x="${at + 17}" y="17">${LEGENDS[group]}</text>`
    );
  });
  const title = panels.map((panel) => panel.title).join("; ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}\n</style>`,
    ...legend,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
};
