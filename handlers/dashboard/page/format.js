/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** What stands where there is nothing to show. */
export const NOTHING = "–";

/** @param {number} value */
export const count = (value) => (value < 1e7 ? whole.format(value) : compact.format(value));

/** A second. @param {number | undefined} value */
export const rate = (value) => {
  if (value === undefined) return NOTHING;
  if (value === 0) return "0";
  return value < 100 ? oneDecimal.format(value) : count(value);
};

/** On an axis, without digits that say nothing. @param {number} value */
export const tick = (value) => (value < 10 ? String(Number(value.toFixed(2))) : count(value));

/** @param {number | undefined} part 0 to 1 */
export const percent = (part) => {
  if (part === undefined) return NOTHING;
  if (part === 0 || part === 1) return `${part * 100} %`;
  if (part < 0.001) return "< 0.1 %";
  if (part > 0.999) return "> 99.9 %";
  return `${oneDecimal.format(part * 100)} %`;
};

/** Three digits and a unit. @param {number | undefined} seconds */
export const duration = (seconds) => {
  if (seconds === undefined) return NOTHING;
  if (seconds === 0) return "0";
  const ms = seconds * 1_000;
  if (ms < 9.95) return `${oneDecimal.format(ms)} ms`;
  if (ms < 999.5) return `${whole.format(ms)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  return seconds < 60 ? `${oneDecimal.format(seconds)} s` : span(seconds);
};

/** Of longer times: the two largest units. @param {number} seconds */
export const span = (seconds) => {
  const left = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(left / 86_400), Math.floor(left / 3_600), Math.floor(left / 60)];
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${left % 60} s` : `${left} s`;
};

/** @param {number} epochMs */
export const timeOfDay = (epochMs) => clock.format(epochMs);

/** @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
