/**
 * What an ACME client keeps on disk, for one authority: the account's key, certificates with their keys, how attempts went, and
 * answers to challenges, which every process and thread that shares the directory can give.
 *
 * Every file is written under another name first, and readable by its owner alone.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../error-code.ts";
import { fileStamp } from "../file-stamp.ts";
import type { Challenge, IssuedCertificate } from "./order-certificate.ts";

/** A certificate as it is stored. */
export interface StoredCertificate extends IssuedCertificate {
  /** By this machine's clock, milliseconds since 1970. */
  readonly obtained: number;
}

/** How attempts for a domain went, and what the authority said about its renewal. Times are milliseconds since 1970. */
export interface DomainState {
  /** In a row. */
  readonly failures: number;
  readonly failedAt: number;
  readonly retryAt: number;
  /** Whether the authority asked for the pause. */
  readonly isRateLimited: boolean;
  /** When renewal information is asked for again. */
  readonly checkAt: number;
  /** When the authority wants the certificate to be renewed; 0 where it did not say. */
  readonly renewAt: number;
}

export const NEW_STATE: DomainState = {
  failures: 0,
  failedAt: 0,
  retryAt: 0,
  isRateLimited: false,
  checkAt: 0,
  renewAt: 0,
};

const ACCOUNT = "account.key";
const CHALLENGES = "challenges";
const JSON_FILE = ".json";
/** Longer than an order may take. */
const CHALLENGE_MS = 900_000;
/** A challenge takes some 300 bytes. */
const MOST_CHALLENGE_BYTES = 16_384;
const OBTAINED = /^obtained: (\S+)$/m;
const KEY = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----\n?/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;

export class AcmeStorage {
  readonly folder: string;

  /** @param directoryUrl of the authority, whose files are in a folder of their own. */
  constructor(root: string, directoryUrl: string) {
    const { host, pathname } = new URL(directoryUrl);
    this.folder = join(root, `${host}${pathname}`.replaceAll(/[^a-z0-9.]+/gi, "-").replace(/-$/, ""));
  }

  /** Makes the folders. Rejects where nothing can be written. */
  async prepare(): Promise<void> {
    await mkdir(join(this.folder, CHALLENGES), { recursive: true, mode: 0o700 });
    await this.#write("writable", "");
    await rm(this.#at("writable"), { force: true });
  }

  readAccountKey(): Promise<string | undefined> {
    return this.#read(ACCOUNT);
  }

  writeAccountKey(key: string): Promise<void> {
    return this.#write(ACCOUNT, key);
  }

  /** Differs once something about `domain` was written anew. */
  async stamp(domain: string): Promise<string> {
    const stamps = [`${domain}.pem`, `${domain}.json`].map((name) => fileStamp(this.#at(name)));
    return (await Promise.all(stamps)).join(", ");
  }

  /** "unreadable" for what is no certificate with its key. */
  async readCertificate(domain: string): Promise<StoredCertificate | "unreadable" | undefined> {
    const text = await this.#read(`${domain}.pem`);
    if (text === undefined) return undefined;
    const [key] = KEY.exec(text) ?? [];
    const begin = text.search(CERTIFICATE);
    if (key === undefined || begin === -1) return "unreadable";
    const obtained = Date.parse(OBTAINED.exec(text)?.[1] ?? "");
    return { key, chain: text.slice(begin), obtained: Number.isNaN(obtained) ? 0 : obtained };
  }

  /** One file, so that key and certificate always fit. Text outside of the blocks is allowed (RFC 7468 §2). */
  writeCertificate(domain: string, { key, chain, obtained }: StoredCertificate): Promise<void> {
    return this.#write(`${domain}.pem`, `obtained: ${new Date(obtained).toISOString()}\n${key}${chain}`);
  }

  async readState(domain: string): Promise<DomainState> {
    try {
      const state = JSON.parse((await this.#read(`${domain}.json`)) ?? "{}") as Partial<DomainState>;
      return { ...NEW_STATE, ...state };
    } catch {
      return NEW_STATE;
    }
  }

  writeState(domain: string, state: DomainState): Promise<void> {
    return this.#write(`${domain}.json`, `${JSON.stringify(state)}\n`);
  }

  lockPath(domain: string): string {
    return this.#at(`${domain}.lock`);
  }

  presentChallenge(challenge: Challenge): Promise<void> {
    return this.#write(join(CHALLENGES, `${challenge.token}.json`), JSON.stringify(challenge));
  }

  async removeChallenge({ token }: Challenge): Promise<void> {
    await rm(this.#at(join(CHALLENGES, `${token}.json`)), { force: true });
  }

  /**
   * "unreadable" for what is no challenge, or can't be read.
   *
   * @param token of `challengeTokens`, or already known to hold nothing but letters, digits, "-" and "_".
   */
  async findChallenge(token: string): Promise<Challenge | "unreadable" | undefined> {
    const path = this.#at(join(CHALLENGES, `${token}${JSON_FILE}`));
    try {
      const found = await stat(path);
      // To read from a named pipe might never end.
      if (!found.isFile() || found.size > MOST_CHALLENGE_BYTES) return "unreadable";
      const challenge: unknown = JSON.parse(await readFile(path, "utf8"));
      return isChallenge(challenge) && challenge.token === token ? challenge : "unreadable";
    } catch (thrown) {
      return errorCode(thrown) === "ENOENT" ? undefined : "unreadable";
    }
  }

  /** Tokens of the challenges that are to be answered now. Files that somebody left behind are removed. */
  async challengeTokens(now: number): Promise<readonly string[]> {
    const names = await readdir(this.#at(CHALLENGES)).catch((): string[] => []);
    const tokens = names.map(async (name): Promise<string[]> => {
      const path = this.#at(join(CHALLENGES, name));
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
      if (now - mtimeMs < CHALLENGE_MS)
        return name.endsWith(JSON_FILE) ? [name.slice(0, -JSON_FILE.length)] : [];
      // What can't be removed, a directory say, is no reason to answer nothing.
      await rm(path, { force: true }).catch(() => {});
      return [];
    });
    return (await Promise.all(tokens)).flat();
  }

  #at(name: string): string {
    return join(this.folder, name);
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.#at(name), "utf8");
    } catch (thrown) {
      if (errorCode(thrown) === "ENOENT") return undefined;
      throw thrown;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    const path = this.#at(name);
    const draft = `${path}.${randomUUID()}`;
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (thrown) {
      await rm(draft, { force: true });
      throw thrown;
    }
  }
}

const isChallenge = (value: unknown): value is Challenge => {
  if (typeof value !== "object" || value === null) return false;
  const { type, domain, token, keyAuthorization } = value as Partial<Record<keyof Challenge, unknown>>;
  const isKnown = type === "http-01" || type === "tls-alpn-01";
  return (
    isKnown && [domain, token, keyAuthorization].every((text) => typeof text === "string" && text !== "")
  );
};
