/** Trace context in header fields (W3C Trace Context, level 2). */
import type { HeaderPairs } from "./header-edits.ts";

/** What `traceparent` says of the caller. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The caller's span: 16 digits, not all zero. */
  readonly parentId: string;
  /** Whether the caller records its span. */
  readonly isSampled: boolean;
}

const PARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Undefined where it is malformed. A later version is read as far as this one goes (§3.2.4). */
export const parseTraceParent = (value: string): TraceParent | undefined => {
  const [, version, traceId, parentId, flags, rest] = PARENT.exec(value) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

/** The caller's context; undefined where it sends none, a malformed one or several. */
export const traceParentOf = (fields: HeaderPairs): TraceParent | undefined => {
  let found: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length !== TRACEPARENT.length || name.toLowerCase() !== TRACEPARENT) continue;
    if (found !== undefined) return undefined;
    found = fields[i + 1];
  }
  return found === undefined ? undefined : parseTraceParent(found);
};

const TRACEPARENT = "traceparent";

/** Value of `traceparent` for those that are called by `spanId`. */
export const traceParentText = (traceId: string, spanId: string, isSampled: boolean): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
