/** One certificate, from the order to the chain (RFC 8555 §7.1). */
import { Buffer } from "node:buffer";
import { X509Certificate, createPrivateKey } from "node:crypto";
import type { Clock } from "../../../src/core/platform.ts";
import { type KeyType, certificateSigningRequest } from "../../x509.ts";
import { type AcmeClient, type AcmeObject, type Located, acmeProblem } from "./acme-client.ts";
import { type AcmeError, unexpected } from "./acme-error.ts";

export type ChallengeType = "http-01" | "tls-alpn-01";

/** What an authority asks for to see that a name leads here. */
export interface Challenge {
  readonly type: ChallengeType;
  readonly domain: string;
  /** base64url. */
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Answers challenges. */
export interface ChallengeAnswers {
  /** Resolves once every listener answers it. */
  present(challenge: Challenge): Promise<void>;
  remove(challenge: Challenge): Promise<void>;
}

export interface CertificateOrder {
  readonly domains: readonly string[];
  readonly challenge: ChallengeType;
  readonly keyType: KeyType;
  /** The certificate that it is to replace, as renewal information names it. */
  readonly replaces?: string | undefined;
}

/** PEM texts. */
export interface IssuedCertificate {
  readonly key: string;
  readonly chain: string;
}

export interface OrderParts {
  readonly client: AcmeClient;
  readonly answers: ChallengeAnswers;
  readonly clock: Pick<Clock, "after">;
  readonly signal: AbortSignal;
}

/**
 * Obtains a certificate. What comes back is for `domains`, and its key is the one that was made for it.
 *
 * Rejects with `AcmeError`, or with the signal's reason.
 */
export const orderCertificate = async (
  order: CertificateOrder,
  parts: OrderParts,
): Promise<IssuedCertificate> => {
  const { client } = parts;
  const placed = await client.newOrder(order.domains, order.replaces);
  for (const url of urlsIn(placed.object, "authorizations")) await authorize(url, order.challenge, parts);
  const ready = await settled(await client.get(placed.url), ["ready", "valid"], parts);
  const { key, request } = await certificateSigningRequest(order.domains, order.keyType);
  const finalize = urlIn(ready.object, "finalize");
  await client.send(finalize, { csr: Buffer.from(request).toString("base64url") });
  const valid = await settled(await client.get(placed.url), ["valid"], parts);
  const chain = await client.download(urlIn(valid.object, "certificate"));
  const fault = certificateFault({ key, chain }, order.domains);
  if (fault !== undefined) throw unexpected(`the authority's certificate can't be used: ${fault}`);
  return { key, chain };
};

/** Why `issued` is no certificate for `domains`; undefined where it is one. */
export const certificateFault = (
  { key, chain }: IssuedCertificate,
  domains: readonly string[],
): string | undefined => {
  try {
    const certificate = new X509Certificate(chain);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return "its key is another";
    const missing = domains.find((domain) => certificate.checkHost(domain) === undefined);
    return missing === undefined ? undefined : `it is not for ${missing}`;
  } catch {
    return "it can't be parsed";
  }
};

const TOKEN = /^[\w-]{1,256}$/;

const authorize = async (url: string, type: ChallengeType, parts: OrderParts): Promise<void> => {
  const { client, answers } = parts;
  const { object } = await client.get(url);
  if (object["status"] === "valid") return;
  const { value: domain } = objectIn(object, "identifier");
  const offered = listIn(object, "challenges");
  const found = offered.find((challenge) => challenge["type"] === type);
  if (typeof domain !== "string") throw unexpected("the authority's authorization has no identifier");
  if (found === undefined) {
    const types = offered.map((challenge) => String(challenge["type"])).join(", ");
    throw unexpected(`the authority does not check ${domain} by ${type}, but by ${types}`);
  }
  const token = found["token"];
  if (typeof token !== "string" || !TOKEN.test(token))
    throw unexpected("the authority's challenge has no token");
  const challenge = { type, domain, token, keyAuthorization: await client.keyAuthorization(token) };
  await answers.present(challenge);
  try {
    await client.send(urlIn(found, "url"), {});
    await settled(await client.get(url), ["valid"], parts);
  } finally {
    await answers.remove(challenge);
  }
};

const PENDING: readonly unknown[] = ["pending", "processing", "ready"];
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Within the time that an order may take, whatever the authority asks for. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Looks at an order or authorization until it is in one of `states`. The options' signal limits how long. */
const settled = async (
  first: Located,
  states: readonly string[],
  { client, clock, signal }: OrderParts,
): Promise<Located> => {
  let latest = first;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const status = latest.object["status"];
    if (states.includes(status as string)) return latest;
    if (!PENDING.includes(status)) throw failureOf(latest.object);
    const { retryAfterMs = pauseMs } = latest;
    await pause(Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS), clock, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    latest = await client.get(latest.url);
  }
};

/** Why an order or authorization can't become valid any more. */
const failureOf = (object: AcmeObject): AcmeError => {
  const status = String(object["status"]);
  const challenges = Array.isArray(object["challenges"]) ? listIn(object, "challenges") : [];
  const failed = challenges.find((challenge) => challenge["error"] !== undefined);
  return acmeProblem(failed?.["error"] ?? object["error"], { fallback: `the authority says "${status}"` });
};

/** Resolves after `ms`; rejects with the signal's reason. */
export const pause = (ms: number, clock: Pick<Clock, "after">, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const stop = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
  });

const isObject = (value: unknown): value is AcmeObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const objectIn = (object: AcmeObject, name: string): AcmeObject => {
  const value = object[name];
  if (isObject(value)) return value;
  throw unexpected(`the authority's answer has no "${name}"`);
};

const listIn = (object: AcmeObject, name: string): readonly AcmeObject[] => {
  const value = object[name];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw unexpected(`the authority's answer has no "${name}"`);
};

const urlIn = (object: AcmeObject, name: string): string => {
  const value = object[name];
  if (typeof value === "string") return value;
  throw unexpected(`the authority's answer has no "${name}"`);
};

const urlsIn = (object: AcmeObject, name: string): readonly string[] => {
  const value = object[name];
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw unexpected(`the authority's answer has no "${name}"`);
};
