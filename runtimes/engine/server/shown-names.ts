/** Names that a server's certificate is for. */
import { X509Certificate } from "node:crypto";
import { normaliseAddress } from "../../../src/http/address.ts";

/** Names in lower case, wildcards as they stand there, addresses in their one spelling. */
export const namesIn = (pem: string): readonly string[] => {
  const { subjectAltName = "" } = new X509Certificate(pem);
  return Array.from(subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([^,\s]+)/g), ([, name = ""]) =>
    addressOf(name.toLowerCase()),
  );
};

const addressOf = (name: string): string => normaliseAddress(name) ?? name;

/** `name` with a wildcard for its first label: it stands for one (RFC 9525 §6.3). */
export const wildcardOf = (name: string): string => name.replace(/^[^.]+/, "*");

/**
 * Whether a certificate for `names` is one for `host` (lower-case, without port, IPv6 in brackets). One without any names covers
 * everything: there is nothing to compare.
 */
export const covers = (names: ReadonlySet<string>, host: string): boolean => {
  if (names.size === 0) return true;
  const address = normaliseAddress(host);
  if (address !== undefined) return names.has(address);
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  return names.has(name) || names.has(wildcardOf(name));
};
