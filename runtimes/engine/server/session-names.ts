/** Names that clients asked for (SNI) when their sessions began. */
import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** Sessions remembered at most. The oldest are forgotten. */
const MOST_REMEMBERED = 10_000;

/**
 * Finds the name behind a handshake. Node does not tell it where a session of TLS 1.2 is resumed, so it is remembered from the
 * session's beginning.
 */
export class SessionNames {
  readonly #names: Map<string, string> = new Map();

  /** Name that the client of `socket` asked for; empty for none, and for a session that was forgotten. */
  nameOf(socket: TLSSocket): string {
    const name = toldName(socket);
    if (socket.getProtocol() !== "TLSv1.2") return name;
    const isReused = socket.isSessionReused();
    // What a name is known for is not looked up, and no name is what a session without one has.
    if (isReused === (name !== "")) return name;
    const session = socket.getSession();
    if (session === undefined || session === null) return name;
    const key = sessionKey(session);
    if (isReused) return this.#names.get(key) ?? "";
    this.#remember(key, name);
    return name;
  }

  #remember(key: string, name: string): void {
    this.#names.set(key, name);
    if (this.#names.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#names.keys();
    if (oldest !== undefined) this.#names.delete(oldest);
  }
}

const toldName = (socket: TLSSocket): string => {
  const { servername } = socket as { readonly servername?: unknown };
  return typeof servername === "string" ? servername : "";
};

/** Of the fields of a session in DER, as OpenSSL writes it: versions, cipher, id, secret. All but the secret may change. */
const SECRET = 4;

/** Tells a session from all others. */
const sessionKey = (der: Uint8Array): string => {
  const contentAt = (from: number): number => {
    const length = der[from + 1] ?? 0;
    return from + 2 + (length < 0x80 ? 0 : length - 0x80);
  };
  let at = contentAt(0);
  // These are short: their length is one byte.
  for (let field = 0; field < SECRET; field++) at += 2 + (der[at + 1] ?? 0);
  return createHash("sha256")
    .update(der.subarray(at + 2, at + 2 + (der[at + 1] ?? 0)))
    .digest("base64");
};
