/** When the authority wants a certificate to be renewed (ACME renewal information, RFC 9773). */
import { retryAfterMs } from "../../../src/http/retry-after.ts";
import type { Random } from "../../../src/core/platform.ts";
import { renewalId } from "../../x509.ts";
import { objectOf, problemOf } from "./acme-client.ts";
import { unexpected } from "./acme-error.ts";
import type { AskAuthority } from "./authority-connection.ts";

export interface RenewalInformation {
  /** Milliseconds since 1970. */
  readonly renewAt: number;
  /** Time until it is to be asked for again. */
  readonly checkMs: number;
}

const HOUR_MS = 3_600_000;
const CHECK_MS = 6 * HOUR_MS;
/** What an authority may ask for, so that a wrong answer neither floods it nor is believed for ever. */
const [LEAST_CHECK_MS, MOST_CHECK_MS] = [60_000, 24 * HOUR_MS];

export interface RenewalQuestion {
  readonly ask: AskAuthority;
  /** Of the resource `renewalInfo`. */
  readonly url: string;
  /** PEM. */
  readonly chain: string;
  readonly random: Random;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Undefined for a certificate that has no name there. A time within the window is drawn, so that not all renew at once. */
export const renewalInformation = async (
  question: RenewalQuestion,
): Promise<RenewalInformation | undefined> => {
  const { ask, url, chain, random, now, signal } = question;
  const id = renewalId(chain);
  if (id === undefined) return undefined;
  const answer = await ask({ method: "GET", url: `${url.replace(/\/$/, "")}/${id}` }, signal);
  if (answer.status !== 200) throw problemOf(answer, now);
  const { suggestedWindow } = objectOf(answer);
  const { start, end } = (suggestedWindow ?? {}) as Readonly<Record<string, unknown>>;
  const [from, to] = [Date.parse(String(start)), Date.parse(String(end))];
  if (Number.isNaN(from) || Number.isNaN(to) || to < from) {
    throw unexpected("the authority's renewal information has no window");
  }
  const asked = answer.header("retry-after");
  const wanted = asked === undefined ? undefined : retryAfterMs(["retry-after", asked], now);
  return {
    renewAt: from + (to - from) * random.float(),
    checkMs: Math.min(Math.max(wanted ?? CHECK_MS, LEAST_CHECK_MS), MOST_CHECK_MS),
  };
};
