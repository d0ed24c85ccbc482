/** One id for a request, in logs, towards upstreams and in the answer. */
import { firstValue } from "../http/headers.ts";
import type { HeaderPairs } from "../http/header-edits.ts";

/** Which id a request gets. */
export interface RequestIdPolicy {
  /** Lower-case name of the field that carries it. */
  readonly header: string;
  /** The id that the client sent where it may be kept, else a new one. */
  idOf(fields: HeaderPairs, trustedPeer: boolean): string;
}

export interface RequestIdRules {
  readonly header: string;
  /** Whose ids are kept. */
  readonly trust: "always" | "trusted" | "never";
  /** Makes a new id. */
  readonly generate: () => string;
}

/** Safe in logs, headers and HTML alike. */
export const SAFE_ID: RegExp = /^[A-Za-z0-9._~-]{1,128}$/;

export const requestIdPolicy = ({ header, trust, generate }: RequestIdRules): RequestIdPolicy => ({
  header,
  idOf: (fields, trustedPeer) => {
    if (trust === "never" || (trust === "trusted" && !trustedPeer)) return generate();
    const given = firstValue(fields, header);
    return given !== undefined && SAFE_ID.test(given) ? given : generate();
  },
});
