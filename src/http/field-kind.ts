/** Which field names mean something to the wire: one dispatch on the name's length, no lower-casing. */

/**
 * What a field is to the wire. All but `ordinary`, `host`, `contentLength`, `expect` and `maxForwards` are
 * hop-by-hop.
 */
export const FieldKind = {
  ordinary: 0,
  host: 1,
  contentLength: 2,
  expect: 3,
  maxForwards: 4,
  transferEncoding: 5,
  connection: 6,
  upgrade: 7,
  keepAlive: 8,
  te: 9,
  /** Concerns one connection only, and says nothing that is of use here. */
  hopByHop: 10,
} as const;
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind];

/** Whether fields of this kind are never forwarded (RFC 9110 §7.6.1); see `HOP_BY_HOP`. */
export const isHopByHop = (kind: FieldKind): boolean => kind >= FieldKind.transferEncoding;

/** Whether a token equals a name of lower-case letters and dashes, whatever its case. */
const is = (token: string, lower: string): boolean => {
  for (let i = 0; i < lower.length; i++) {
    if ((token.charCodeAt(i) | 0x20) !== lower.charCodeAt(i)) return false;
  }
  return true;
};

const pick = (name: string, lower: string, kind: FieldKind): FieldKind =>
  is(name, lower) ? kind : FieldKind.ordinary;

/** Kind of the field with this name, a token in any case. Allocates nothing. */
export const fieldKind = (name: string): FieldKind => {
  switch (name.length) {
    case 2:
      return pick(name, "te", FieldKind.te);
    case 4:
      return pick(name, "host", FieldKind.host);
    case 6:
      return pick(name, "expect", FieldKind.expect);
    case 7:
      return is(name, "upgrade") ? FieldKind.upgrade : pick(name, "trailer", FieldKind.hopByHop);
    case 10:
      return is(name, "connection") ? FieldKind.connection : pick(name, "keep-alive", FieldKind.keepAlive);
    case 12:
      return pick(name, "max-forwards", FieldKind.maxForwards);
    case 14:
      return is(name, "content-length")
        ? FieldKind.contentLength
        : pick(name, "http2-settings", FieldKind.hopByHop);
    case 16:
      return pick(name, "proxy-connection", FieldKind.hopByHop);
    case 17:
      return pick(name, "transfer-encoding", FieldKind.transferEncoding);
    case 18:
      return pick(name, "proxy-authenticate", FieldKind.hopByHop);
    case 19:
      return pick(name, "proxy-authorization", FieldKind.hopByHop);
    case 25:
      return pick(name, "proxy-authentication-info", FieldKind.hopByHop);
    default:
      return FieldKind.ordinary;
  }
};
