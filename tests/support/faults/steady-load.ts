/** Requests at a steady rate, whatever becomes of the earlier ones. */
import { Agent, type ClientRequest, request } from "node:http";
import { UPLOAD_PATH } from "./config.ts";

/** How a request ended, for the client. */
export interface Ending {
  readonly id: string;
  readonly method: "GET" | "POST";
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
  readonly tookMs: number;
  readonly kind: "whole" | "refused" | "no head" | "cut" | "wrong";
  readonly status: number | undefined;
  /** Name of the origin that answered. */
  readonly origin: string | undefined;
}

/** Every so many is a POST. */
const POST_EVERY = 10;
const PATIENCE_MS = 15_000;
/** More than the sockets between a client and an origin hold. */
const UPLOAD = Buffer.alloc(6 * 1024 * 1024);

export interface LoadOptions {
  readonly port: number;
  /** Begins the ids of its requests. */
  readonly name: string;
  /** A request each so many milliseconds. */
  readonly everyMs: number;
}

export class SteadyLoad {
  readonly endings: Ending[] = [];
  /** Of large uploads, which are not among the steady requests. */
  readonly uploads: Ending[] = [];
  readonly #options: LoadOptions;
  readonly #agent: Agent = new Agent({ keepAlive: true });
  readonly #pending: Set<Promise<void>> = new Set();
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#sent += 1;
      const method = this.#sent % POST_EVERY === 0 ? "POST" : "GET";
      const { sent, ended } = this.#request({ method, number: this.#sent, agent: this.#agent });
      this.#expect(ended.then((ending) => void this.endings.push(ending)));
      sent.end(method === "POST" ? "content" : undefined);
    }, this.#options.everyMs);
  }

  /** Sends a large upload. Resolves once it has ended. */
  upload(): Promise<void> {
    const parts = { method: "POST", number: "upload", agent: false, path: UPLOAD_PATH } as const;
    const { sent, ended } = this.#request({ ...parts, length: UPLOAD.length });
    const done = ended.then((ending) => void this.uploads.push(ending));
    this.#expect(done);
    sent.end(UPLOAD);
    return done;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  #expect(ending: Promise<void>): void {
    this.#pending.add(ending);
    void ending.finally(() => this.#pending.delete(ending));
  }

  /** Begins a request. The caller sends its content. */
  #request({ method, number, agent, path = "/", length }: RequestParts): Begun {
    const { name, port } = this.#options;
    const id = `${name}-${number}`;
    const sent = request({
      port,
      host: "127.0.0.1",
      agent,
      method,
      path,
      headers: {
        host: "example.test",
        "x-id": id,
        ...(length !== undefined && { "content-length": length }),
      },
      timeout: PATIENCE_MS,
    });
    return { sent, ended: endingOf(sent, id, method) };
  }
}

interface RequestParts {
  readonly method: Ending["method"];
  /** Last part of its id. */
  readonly number: number | string;
  readonly agent: Agent | false;
  /** @default "/" */
  readonly path?: string;
  /** Content-Length. @default none is sent */
  readonly length?: number;
}

interface Begun {
  readonly sent: ClientRequest;
  readonly ended: Promise<Ending>;
}

const endingOf = (sent: ClientRequest, id: string, method: Ending["method"]): Promise<Ending> => {
  const at = performance.now();
  return new Promise((resolve) => {
    const end = (kind: Ending["kind"], status?: number, origin?: string): void =>
      resolve({ id, method, at, tookMs: performance.now() - at, kind, status, origin });
    sent.once("timeout", () => sent.destroy());
    let hasHead = false;
    sent.on("error", () => {
      // What breaks later is the response's.
      if (!hasHead) end("no head");
    });
    sent.once("response", (response) => {
      hasHead = true;
      const { statusCode } = response;
      const origin = String(response.headers["x-origin"]);
      let text = "";
      response.setEncoding("latin1");
      response.on("data", (piece: string) => {
        text += piece;
      });
      response.once("error", () => {});
      response.once("close", () => {
        if (!response.complete) end("cut", statusCode, origin);
        else if (statusCode !== 200) end("refused", statusCode);
        else if (text.startsWith(`${id}.`) && text.length === 4_096) end("whole", statusCode, origin);
        else end("wrong", statusCode, origin);
      });
    });
  });
};
