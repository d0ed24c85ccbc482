/** Names that clients asked for (SNI) when their sessions began. */
import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** Sessions remembered at most. The oldest are forgotten. */
const MOST_REMEMBERED = 10_000;

/**
 * Finds the name that a handshake asked for. Node does not report it where a session of TLS 1.2 is resumed, so it is remembered
 * from the session's first handshake.
 */
export class SessionNames {
  readonly #names: Map<string, string> = new Map();

  /** Name that the client of `socket` asked for; empty for none, and for a session that was forgotten. */
  nameOf(socket: TLSSocket): string {
    const name = serverNameOf(socket);
    if (socket.getProtocol() !== "TLSv1.2") return name;
    const isReused = socket.isSessionReused();
    // A resumed session with a name needs no look-up; a new one without a name is not remembered, which finds the same.
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

const serverNameOf = (socket: TLSSocket): string => {
  const { servername } = socket as { readonly servername?: unknown };
  return typeof servername === "string" ? servername : "";
};

/** Index of the secret among the fields of a session in DER, as OpenSSL writes it: two versions, cipher, id, secret. The others may change. */
const SECRET = 4;

/** A key for the session: a hash of its secret, the same in all its encodings. */
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
