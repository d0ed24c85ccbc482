/** What a runtime can't express. Each entry fails as soon as its case passes there. */
import type { RuntimeName } from "../support/runtimes.ts";

export interface Exemption {
  readonly subject: string;
  readonly title: string;
  readonly runtime: RuntimeName;
  /** What of the runtime stands in the way; shown in the docs. */
  readonly reason: string;
}

export const EXEMPTIONS: readonly Exemption[] = [];

export const exemptionOf = (subject: string, title: string, runtime: RuntimeName): Exemption | undefined =>
  EXEMPTIONS.find((entry) => entry.subject === subject && entry.title === title && entry.runtime === runtime);
