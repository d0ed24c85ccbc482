/** An ACME client (RFC 8555): signed requests to one authority by one account. Signatures are jose's. */
import { Buffer } from "node:buffer";
import {
  FlattenedSign,
  type FlattenedJWS,
  type JWK,
  type JWSHeaderParameters,
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
} from "jose";
import { createPublicKey } from "node:crypto";
import type { AcmeConfig } from "../../../src/config/types.ts";
import { retryAfterMs } from "../../../src/http/retry-after.ts";
import { AcmeError, type AcmeErrorType, unexpected } from "./acme-error.ts";
import type { AskAuthority, AuthorityAnswer } from "./authority-connection.ts";

/** A JSON object from the authority: nothing about it is known. */
export type AcmeObject = Readonly<Record<string, unknown>>;

/** An object and where it is. */
export interface Located {
  readonly url: string;
  readonly object: AcmeObject;
  /** Time that the authority asks to wait before looking again. */
  readonly retryAfterMs: number | undefined;
}

export interface AcmeClientOptions {
  readonly ask: AskAuthority;
  readonly directoryUrl: string;
  /** Of the account, PKCS #8 PEM of a key on P-256. */
  readonly accountKey: string;
  readonly settings: Pick<AcmeConfig, "email" | "externalAccount">;
  readonly epoch: () => number;
  readonly signal: AbortSignal;
}

const ALGORITHM = "ES256";
const BAD_NONCE = "urn:ietf:params:acme:error:badNonce";
/** The authority may have forgotten a nonce; it does not forget many in a row. */
const NONCE_TRIES = 10;

/** A new key for an account, PKCS #8 PEM. */
export const newAccountKey = async (): Promise<string> =>
  exportPKCS8((await generateKeyPair(ALGORITHM, { extractable: true })).privateKey);

/** @throws where `pem` is no such key. */
const readAccountKey = async (pem: string): Promise<{ readonly sign: CryptoKey; readonly jwk: JWK }> => {
  const { kty, crv, x, y } = await exportJWK(createPublicKey(pem));
  return { sign: await importPKCS8(pem, ALGORITHM), jwk: { kty, crv, x, y } as JWK };
};

/** All its promises reject with `AcmeError`, or with the reason of the options' signal. */
export class AcmeClient {
  readonly #options: AcmeClientOptions;
  readonly #key: Awaited<ReturnType<typeof readAccountKey>>;
  readonly #directory: AcmeObject;
  readonly #nonces: string[] = [];
  #account: string | undefined;

  private constructor(
    options: AcmeClientOptions,
    key: Awaited<ReturnType<typeof readAccountKey>>,
    directory: AcmeObject,
  ) {
    this.#options = options;
    this.#key = key;
    this.#directory = directory;
  }

  /** Whether `pem` is the key of an account. */
  static async canSignWith(pem: string): Promise<boolean> {
    try {
      await readAccountKey(pem);
      return true;
    } catch {
      return false;
    }
  }

  /** A client that knows the authority's directory. */
  static async connect(options: AcmeClientOptions): Promise<AcmeClient> {
    const key = await readAccountKey(options.accountKey);
    const { ask, directoryUrl, signal, epoch } = options;
    const answer = await ask({ method: "GET", url: directoryUrl }, signal);
    if (answer.status !== 200) throw problemOf(answer, epoch());
    return new AcmeClient(options, key, objectOf(answer));
  }

  /** URL of a resource, where the authority has it. */
  resource(name: string): string | undefined {
    const url = this.#directory[name];
    return typeof url === "string" ? url : undefined;
  }

  /** Finds the account of the key, or makes it. The caller has agreed to the terms of service. */
  async signIn(): Promise<void> {
    const { email, externalAccount } = this.#options.settings;
    const url = this.#needed("newAccount");
    const answer = await this.#post(url, {
      termsOfServiceAgreed: true,
      ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
      ...(externalAccount === undefined
        ? {}
        : { externalAccountBinding: await this.#binding(url, externalAccount) }),
    });
    this.#account = locationOf(answer);
  }

  /** Orders a certificate. `replaces` names the one that it is to replace (RFC 9773 §5). */
  async newOrder(domains: readonly string[], replaces: string | undefined): Promise<Located> {
    const identifiers = domains.map((value) => ({ type: "dns", value }));
    const answer = await this.#post(this.#needed("newOrder"), {
      identifiers,
      ...(replaces === undefined ? {} : { replaces }),
    });
    return { url: locationOf(answer), object: objectOf(answer), retryAfterMs: this.#retryAfter(answer) };
  }

  /** Looks at an order or authorization. */
  async get(url: string): Promise<Located> {
    return this.send(url, undefined);
  }

  /** Changes an object: a challenge that is ready, or an order that is complete. */
  async send(url: string, payload: AcmeObject | undefined): Promise<Located> {
    const answer = await this.#post(url, payload);
    return { url, object: objectOf(answer), retryAfterMs: this.#retryAfter(answer) };
  }

  /** A certificate and its chain, PEM. */
  async download(url: string): Promise<string> {
    return (await this.#post(url, undefined, "application/pem-certificate-chain")).text;
  }

  /** What a challenge with `token` is answered with (RFC 8555 §8.1). */
  async keyAuthorization(token: string): Promise<string> {
    return `${token}.${await calculateJwkThumbprint(this.#key.jwk)}`;
  }

  #needed(name: string): string {
    const url = this.resource(name);
    if (url === undefined) throw unexpected(`the authority's directory has no "${name}"`);
    return url;
  }

  #retryAfter(answer: AuthorityAnswer): number | undefined {
    return retryAfterOf(answer, this.#options.epoch());
  }

  /** Proof that the operator of this account has the other one (RFC 8555 §7.3.4). */
  #binding(
    url: string,
    { keyId, hmacKey }: NonNullable<AcmeConfig["externalAccount"]>,
  ): Promise<FlattenedJWS> {
    return new FlattenedSign(Buffer.from(JSON.stringify(this.#key.jwk)))
      .setProtectedHeader({ alg: "HS256", kid: keyId, url })
      .sign(Buffer.from(hmacKey, "base64url"));
  }

  /** A request without a payload reads (POST-as-GET). */
  async #post(url: string, payload: AcmeObject | undefined, accept?: string): Promise<AuthorityAnswer> {
    const { ask, signal, epoch } = this.#options;
    for (let tries = 1; ; tries++) {
      const body = JSON.stringify(await this.#signed(url, payload));
      const answer = await ask(
        { method: "POST", url, body, ...(accept === undefined ? {} : { accept }) },
        signal,
      );
      const nonce = answer.header("replay-nonce");
      if (nonce !== undefined) this.#nonces.push(nonce);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const problem = problemOf(answer, epoch());
      if (problem.type !== BAD_NONCE || tries === NONCE_TRIES) throw problem;
    }
  }

  async #signed(url: string, payload: AcmeObject | undefined): Promise<FlattenedJWS> {
    const header: JWSHeaderParameters = { alg: ALGORITHM, nonce: await this.#nonce(), url };
    const signer = this.#account === undefined ? { jwk: this.#key.jwk } : { kid: this.#account };
    return new FlattenedSign(Buffer.from(payload === undefined ? "" : JSON.stringify(payload)))
      .setProtectedHeader({ ...header, ...signer })
      .sign(this.#key.sign);
  }

  async #nonce(): Promise<string> {
    const known = this.#nonces.pop();
    if (known !== undefined) return known;
    const { ask, signal, epoch } = this.#options;
    const answer = await ask({ method: "HEAD", url: this.#needed("newNonce") }, signal);
    const nonce = answer.header("replay-nonce");
    if (nonce !== undefined) return nonce;
    throw answer.status >= 400 ? problemOf(answer, epoch()) : unexpected("the authority gave no nonce");
  }
}

const locationOf = (answer: AuthorityAnswer): string => {
  const location = answer.header("location");
  if (location === undefined) throw unexpected("the authority's answer has no Location");
  return location;
};

const retryAfterOf = (answer: AuthorityAnswer, epoch: number): number | undefined => {
  const value = answer.header("retry-after");
  return value === undefined ? undefined : retryAfterMs(["retry-after", value], epoch);
};

/** @throws AcmeError where the answer is no JSON object. */
export const objectOf = ({ text, status }: Pick<AuthorityAnswer, "text" | "status">): AcmeObject => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as AcmeObject;
  } catch {
    // Said below.
  }
  throw unexpected(`the authority answered ${status} with something else than a JSON object`);
};

const isProblemType = (type: unknown): type is AcmeErrorType =>
  typeof type === "string" && type.startsWith("urn:");

const TOO_MANY_REQUESTS = 429;

/** What an answer that is no success says (RFC 8555 §6.7). */
export const problemOf = (answer: AuthorityAnswer, epoch: number): AcmeError => {
  const { status, text } = answer;
  let said: AcmeObject = {};
  try {
    said = objectOf(answer);
  } catch {
    // A proxy in front of the authority may answer with a page.
  }
  const isProblem = text !== "" && isProblemType(said["type"]);
  const fallback =
    status === TOO_MANY_REQUESTS ? "urn:ietf:params:acme:error:rateLimited" : "unexpected-answer";
  return acmeProblem(said, {
    type: isProblem ? undefined : fallback,
    fallback: `the authority answered ${status}`,
    retryAfterMs: retryAfterOf(answer, epoch),
  });
};

interface ProblemFacts {
  /** Instead of the object's own. */
  readonly type?: AcmeErrorType | undefined;
  /** Message of an object without one. */
  readonly fallback: string;
  readonly retryAfterMs?: number | undefined;
}

/** An error object: of an answer, or of a challenge or order that failed. */
export const acmeProblem = (
  said: unknown,
  { type, fallback, retryAfterMs: waitMs }: ProblemFacts,
): AcmeError => {
  const { type: own, detail } = (typeof said === "object" && said !== null ? said : {}) as AcmeObject;
  const shown = type ?? (isProblemType(own) ? own : "unexpected-answer");
  const name = shown.replace("urn:ietf:params:acme:error:", "");
  const message = typeof detail === "string" ? `${detail} (${name})` : `${fallback} (${name})`;
  return new AcmeError(shown, message, { retryAfterMs: waitMs });
};
