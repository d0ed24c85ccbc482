/** An HTTP/1.1 client made of a bare TCP socket: sends any bytes, reads strictly. */
import { connect } from "node:net";
import { within } from "./bound.ts";
import {
  type Fields,
  Malformed,
  parseResponseHead,
  responseFraming,
  type ResponseText,
} from "./http-text.ts";
import { Wire } from "./wire.ts";

/** A whole response. */
export interface RawResponse extends ResponseText {
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: Fields | undefined;
  /** 1xx responses that came before it. */
  readonly interim: readonly ResponseText[];
}

/** A response whose body is still on its way. */
export interface OpenResponse extends ResponseText {
  readonly interim: readonly ResponseText[];
  /** The body's pieces in the order and grouping they arrived. */
  readonly pieces: AsyncGenerator<Buffer, void>;
}

export class RawClient {
  readonly wire: Wire;

  private constructor(wire: Wire) {
    this.wire = wire;
  }

  static async connect(port: number, localAddress: string = "127.0.0.1"): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, localAddress });
    await within(
      new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject)),
      `a connection to port ${port}`,
    );
    return new RawClient(new Wire(socket));
  }

  send(bytes: string | Uint8Array): Promise<void> {
    return this.wire.send(bytes);
  }

  /** Sends `text` in pieces of one byte, each a write of its own. */
  async sendBytewise(text: string): Promise<void> {
    for (const byte of Buffer.from(text, "latin1")) await this.wire.send(Uint8Array.of(byte));
  }

  /** The next response head, 1xx or final. */
  async head(boundMs: number = this.wire.patienceMs): Promise<ResponseText> {
    const section = await this.wire.headSection(boundMs);
    if (section === undefined) throw new Malformed("the connection ended without a response");
    return parseResponseHead(section);
  }

  /** Reads one response head that is not 1xx, keeping those that are. */
  async #finalHead(boundMs: number): Promise<{ head: ResponseText; interim: ResponseText[] }> {
    const interim: ResponseText[] = [];
    for (;;) {
      const head = await this.head(boundMs);
      if (head.status >= 200) return { head, interim };
      interim.push(head);
    }
  }

  /** The next response's head, with its body to be read piece by piece. */
  async open(method: string = "GET", boundMs: number = this.wire.patienceMs): Promise<OpenResponse> {
    const { head, interim } = await this.#finalHead(boundMs);
    return { ...head, interim, pieces: this.wire.pieces(responseFraming(head, method)) };
  }

  /** The next response, whole. `method` is the request's: HEAD has no body to wait for. */
  async response(method: string = "GET", boundMs: number = this.wire.patienceMs): Promise<RawResponse> {
    const { head, interim } = await this.#finalHead(boundMs);
    let trailers: Fields | undefined;
    const pieces: Buffer[] = [];
    for await (const piece of this.wire.pieces(
      responseFraming(head, method),
      (fields) => (trailers = fields),
    )) {
      pieces.push(piece);
    }
    const body = Buffer.concat(pieces);
    return { ...head, interim, body, text: body.toString(), trailers };
  }

  /** Waits until the other side closed, and says how. */
  closed(boundMs?: number): Promise<"fin" | "reset"> {
    return this.wire.ended(boundMs);
  }

  /** Half-closes: no more will be sent, the response can still be read. */
  finish(): void {
    this.wire.finish();
  }

  /** Leaves at once, with RST. */
  reset(): void {
    this.wire.reset();
  }

  /** Leaves with FIN. */
  close(): void {
    this.wire.socket.destroy();
  }
}
