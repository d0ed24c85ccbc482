/** Times of lines. */

/** Writes milliseconds since 1970 as text. */
export type Timestamp = (epoch: number) => string;

/** What `write` makes of each second, made once. */
const bySecond = (write: (second: Date) => string): ((epoch: number) => string) => {
  let last = Number.NaN;
  let text = "";
  return (epoch) => {
    const second = Math.floor(epoch / 1_000);
    if (second !== last) {
      last = second;
      text = write(new Date(second * 1_000));
    }
    return text;
  };
};

/** `2026-11-27T23:59:59.123Z` (RFC 3339). */
export const isoTimestamps = (): Timestamp => {
  const upToSecond = bySecond((date) => date.toISOString().slice(0, 20));
  let last = Number.NaN;
  let text = "";
  return (epoch) => {
    // Busy proxies write many lines in a millisecond.
    if (epoch !== last) {
      last = epoch;
      text = `${upToSecond(epoch)}${String(Math.floor(epoch % 1_000)).padStart(3, "0")}Z`;
    }
    return text;
  };
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `27/Nov/2026:23:59:59 +0000`, as Apache writes it. */
export const commonTimestamps = (): Timestamp =>
  bySecond((date) => {
    const [day = "", time = ""] = date.toISOString().split(/[T.]/);
    const [year = "", month = "", dayOfMonth = ""] = day.split("-");
    return `${dayOfMonth}/${MONTHS[Number(month) - 1] ?? ""}/${year}:${time} +0000`;
  });
