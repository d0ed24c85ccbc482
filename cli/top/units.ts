/** Figures as people read them. */

/** `0.0`, `12.5`, `1,234`: a decimal below a hundred. */
export const rateText = (perSecond: number): string =>
  perSecond < 99.95 ? perSecond.toFixed(1) : countText(perSecond);

export const countText = (count: number): string => Math.round(count).toLocaleString("en-US");

/** `0 %`, `0.3 %`, `100 %`; never 0 where something failed, never 100 where something did not. */
export const shareText = (share: number | undefined): string => {
  if (share === undefined) return "-";
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
};

/** Seconds as `0.4 ms`, `12 ms`, `1.25 s`. */
export const latencyText = (seconds: number | undefined): string => {
  if (seconds === undefined) return "-";
  const ms = seconds * 1_000;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${seconds.toFixed(seconds < 9.995 ? 2 : 0)} s`;
};

/** Milliseconds as the two largest units: `3 d 4 h`, `12 min 5 s`, `8 s`. */
export const spanText = (ms: number): string => {
  let rest = Math.max(0, Math.floor(ms / 1_000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest %= seconds;
    if (count > 0 || (seconds === 1 && parts.length === 0)) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ");
};

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;
