/** HTTPS to an ACME authority. */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request as httpsRequest } from "node:https";
import { errorCode } from "../../error-code.ts";
import type { Clock } from "../../../src/core/platform.ts";
import { VERSION } from "../../../src/version.ts";
import { AcmeError, unexpected } from "./acme-error.ts";
import { timeLimit } from "./time-limit.ts";

export interface AuthorityRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  /** A JWS as JSON. */
  readonly body?: string;
  readonly accept?: string;
}

export interface AuthorityAnswer {
  readonly status: number;
  /** Of several fields of a name the first. */
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** Rejects with `AcmeError`, or with the signal's reason. */
export type AskAuthority = (request: AuthorityRequest, signal: AbortSignal) => Promise<AuthorityAnswer>;

export interface AuthorityConnection {
  readonly ask: AskAuthority;
  close(): void;
}

const TIMEOUT_MS = 30_000;
/** A chain of certificates is a few KiB. */
const MAX_BYTES = 1024 * 1024;

/** @param ca authorities that may have signed the authority's own certificate, instead of those that the runtime trusts. */
export const authorityConnection = (
  ca: string | undefined,
  clock: Pick<Clock, "after">,
): AuthorityConnection => {
  const trusted = ca === undefined ? {} : { ca };
  const agent = new Agent({ keepAlive: true, maxSockets: 2, ...trusted });
  return {
    async ask(request, signal) {
      const limit = timeLimit(signal, TIMEOUT_MS, clock);
      try {
        return await ask(request, { agent, ...trusted }, limit.signal);
      } catch (thrown) {
        signal.throwIfAborted();
        throw thrown instanceof AcmeError ? thrown : unreachable(request.url, limit.signal.reason ?? thrown);
      } finally {
        limit.end();
      }
    },
    close: () => agent.destroy(),
  };
};

const ask = async (
  { method, url, body, accept = "application/json" }: AuthorityRequest,
  options: RequestOptions,
  signal: AbortSignal,
): Promise<AuthorityAnswer> => {
  signal.throwIfAborted();
  if (!url.startsWith("https://"))
    throw unexpected(`the authority names a resource that is not at https: ${url}`);
  const headers = {
    accept,
    "user-agent": `Fairlead/${VERSION}`,
    ...(body === undefined
      ? {}
      : { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpsRequest(url, { ...options, method, headers, signal }, resolve);
    request.on("error", reject);
    request.end(body);
  });
  return {
    status: response.statusCode ?? 0,
    header: (name) => [response.headers[name]].flat()[0],
    text: await textOf(response),
  };
};

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > MAX_BYTES) {
      response.destroy();
      throw unexpected(`the authority's answer is longer than ${MAX_BYTES} bytes`);
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString("utf8");
};

const unreachable = (url: string, cause: unknown): AcmeError => {
  const reason = errorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new AcmeError("unreachable", `${new URL(url).host} can't be reached: ${reason}`, { cause });
};
