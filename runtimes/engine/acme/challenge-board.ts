/** Answers to an authority's challenges: those of this thread's own orders, and those of others that share the storage. */
import { type SecureContext, createSecureContext } from "node:tls";
import type { Clock } from "../../../src/core/platform.ts";
import { challengeCertificate } from "../../x509.ts";
import type { AcmeStorage } from "./acme-storage.ts";
import { type Challenge, type ChallengeAnswers, pause } from "./order-certificate.ts";

/** Certificates that answer challenges by TLS (RFC 8737). */
export interface TlsChallenges {
  /** Whether there is any now. */
  readonly isPending: boolean;
  find(serverName: string): SecureContext | undefined;
}

/** How often `refresh` is called. */
export const REFRESH_MS = 1_000;
/** Until every other thread and process has seen a new challenge. */
const SEEN_MS = REFRESH_MS * 1.5;
const TOKEN = /^[\w-]{1,256}$/;

interface Answered {
  readonly challenge: Challenge;
  readonly context: SecureContext;
}

export interface ChallengeBoardParts {
  readonly storage: AcmeStorage;
  readonly clock: Clock;
  /** Ends pauses. */
  readonly signal: AbortSignal;
  /** Takes a message about a file that is no challenge. */
  readonly warn: (message: string) => void;
}

export class ChallengeBoard implements ChallengeAnswers, TlsChallenges {
  readonly #storage: AcmeStorage;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #warn: (message: string) => void;
  /** Tokens whose files were read: a file never changes. */
  #read: ReadonlySet<string> = new Set();
  /** By token. HTTP's are looked up in the storage when they are asked for. */
  readonly #tls = new Map<string, Answered>();

  constructor({ storage, clock, signal, warn }: ChallengeBoardParts) {
    this.#storage = storage;
    this.#clock = clock;
    this.#signal = signal;
    this.#warn = warn;
  }

  get isPending(): boolean {
    return this.#tls.size > 0;
  }

  find(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    return [...this.#tls.values()].find(({ challenge }) => challenge.domain === name)?.context;
  }

  /** What HTTP answers for `token`. */
  async keyAuthorization(token: string): Promise<string | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const challenge = await this.#storage.findChallenge(token);
    if (challenge === undefined || challenge === "unreadable") return undefined;
    return challenge.type === "http-01" ? challenge.keyAuthorization : undefined;
  }

  async present(challenge: Challenge): Promise<void> {
    await this.#storage.presentChallenge(challenge);
    if (challenge.type !== "tls-alpn-01") return;
    await this.#add(challenge);
    await pause(SEEN_MS, this.#clock, this.#signal);
  }

  async remove(challenge: Challenge): Promise<void> {
    this.#tls.delete(challenge.token);
    await this.#storage.removeChallenge(challenge);
  }

  /** Takes over what others have presented or removed. A file that is no challenge is ignored, with one warning. */
  async refresh(): Promise<void> {
    const tokens = await this.#storage.challengeTokens(this.#clock.epoch());
    for (const token of this.#tls.keys()) if (!tokens.includes(token)) this.#tls.delete(token);
    const before = this.#read;
    this.#read = new Set(tokens);
    for (const token of tokens) {
      if (!this.#tls.has(token) && !before.has(token)) await this.#takeOver(token);
    }
  }

  async #takeOver(token: string): Promise<void> {
    try {
      const challenge = await this.#storage.findChallenge(token);
      if (challenge === "unreadable") throw new TypeError("no challenge");
      if (challenge?.type === "tls-alpn-01") await this.#add(challenge);
    } catch {
      const file = JSON.stringify(`${token}.json`);
      this.#warn(`the file ${file} among the challenges in the storage is no challenge; it is ignored`);
    }
  }

  async #add(challenge: Challenge): Promise<void> {
    const { domain: name, keyAuthorization } = challenge;
    const pair = await challengeCertificate({ name, keyAuthorization }, this.#clock.epoch());
    this.#tls.set(challenge.token, { challenge, context: createSecureContext(pair) });
  }
}
