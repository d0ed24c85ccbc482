/** The plot of a run, as SVG: 99th percentile and cost over 10,000 endpoints. */
import type { PolicyResult } from "./table.ts";
import type { LoadResult } from "./virtual-load.ts";

const ROW = 30;
const LEFT = 140;
const WIDTH = 420;

const bar = (y: number, width: number, label: string, text: string, colour: string): string =>
  `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${label}</text>` +
  `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="20" fill="${colour}"/>` +
  `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 15}">${text}</text>`;

export const scalePlot = (results: readonly PolicyResult[], best: LoadResult): string => {
  const rows = [
    ...results.map(({ policy, latency }) => ({ label: policy, value: latency.p99, colour: "#3b6ea5" })),
    { label: "theoretical best", value: best.p99, colour: "#8a8a8a" },
  ];
  const most = Math.max(...rows.map(({ value }) => value));
  const bars = rows.map(({ label, value, colour }, i) =>
    bar(40 + i * ROW, (value / most) * WIDTH, label, `${value.toFixed(1)} ms`, colour),
  );
  const height = 50 + rows.length * ROW;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 90} ${height}" font-family="sans-serif" font-size="13">` +
    `<rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="${LEFT}" y="24" font-weight="bold">99th percentile with every tenth endpoint five times as slow</text>` +
    `${bars.join("")}</svg>\n`
  );
};
