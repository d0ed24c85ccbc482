/** Protocols of `Upgrade` (RFC 9110 §7.8). */

/** One protocol, with or without a version. */
const PROTOCOL = /^[!#$%&'*+.^_`|~\w-]+(?:\/[!#$%&'*+.^_`|~\w-]+)?$/;

/** Never switched to: it is HTTP, so requests would pass behind the proxy's back. */
const HTTP_PROTOCOL = /^(?:h2c?|http|tls)(?:\/|$)/i;

/** Whether `text` names one protocol. */
export const isProtocol = (text: string): boolean => PROTOCOL.test(text);

/** Whether `protocol` can be the protocol of a tunnel. */
export const isTunnelProtocol = (protocol: string): boolean =>
  isProtocol(protocol) && !HTTP_PROTOCOL.test(protocol);
