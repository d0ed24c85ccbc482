/** What a status says of the message it comes with. */

/**
 * Whether a response with this status has no content, whatever its header section says: 204 and 304 by their framing
 * (RFC 9112 §6.3), 205 because it must not be sent any (RFC 9110 §15.3.6).
 */
export const isContentless = (status: number): boolean => status === 204 || status === 205 || status === 304;
