/** Hosts as URLs write them: an IPv6 address in brackets (RFC 3986 §3.2.2). */

/** A host name or address as it stands in a URL. */
export const urlHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** Host without brackets, and port, of an `http:` or `https:` URL. */
export const hostAndPort = (url: string): { readonly host: string; readonly port: number } => {
  const { hostname, port, protocol } = new URL(url);
  return {
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  };
};
