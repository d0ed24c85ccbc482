/** Secrets that must show up nowhere, under many names and in many places. Each holds "CANARY". */

/** Values of a query, percent-encoded where clients do that. The first is `token=CANARY-query`. */
export const CANARY_QUERY: string = [
  "token=CANARY-query",
  "x=1",
  "sig=CANARY-sig",
  "apiKey=CANARY-api-key",
  "AccessKeyId=CANARY-access-key",
  "code=CANARY-code",
  "pa%73s=CANARY-encoded-name",
  "next=https%3A%2F%2Fuser%3ACANARY-inner-user%40b.example%2F",
  "next=%252Fb%253Fx%253D1%2526otp%253DCANARY-inner-twice",
  "data=%7B%22x%22%3A1%2C%22jwt%22%3A%22CANARY-json%22%7D",
  "y=2",
  "SAMLResponse=CANARY-last",
].join("&");

/** A value of a path parameter that is longer than what logs show of a target. */
export const LONG_CANARY: string = `CANARY-param-${"x".repeat(9_000)}`;

/** Settings of `listen` that admit targets with `LONG_CANARY`. */
export const CANARY_LIMITS: { readonly limits: { readonly targetBytes: string } } = {
  limits: { targetBytes: "16KiB" },
};
