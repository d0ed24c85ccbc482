/** Signatures by Web Crypto. */

const BASE64_URL: Readonly<Record<string, string>> = { "+": "-", "/": "_", "=": "" };

/** HMAC-SHA-256 as base64url. */
export const hmac = async (secret: string, text: string): Promise<string> => {
  const utf8 = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign"]);
  const code = new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text)));
  return btoa(String.fromCharCode(...code)).replaceAll(/[+/=]/g, (char) => BASE64_URL[char] ?? "");
};
