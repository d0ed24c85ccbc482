/** Requests at a steady rate, whatever becomes of the earlier ones. */
import { Agent, request } from "node:http";

/** How a request ended, for the client. */
export interface Ending {
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

export interface LoadOptions {
  readonly port: number;
  /** Begins the ids of its requests. */
  readonly name: string;
  /** A request each so many milliseconds. */
  readonly everyMs: number;
}

export class SteadyLoad {
  readonly endings: Ending[] = [];
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
      const one = this.#send();
      this.#pending.add(one);
      void one.finally(() => this.#pending.delete(one));
    }, this.#options.everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  #send(): Promise<void> {
    const { name, port } = this.#options;
    const id = `${name}-${(this.#sent += 1)}`;
    const method = this.#sent % POST_EVERY === 0 ? "POST" : "GET";
    const at = performance.now();
    return new Promise((resolve) => {
      const end = (kind: Ending["kind"], status?: number, origin?: string): void => {
        this.endings.push({ method, at, tookMs: performance.now() - at, kind, status, origin });
        resolve();
      };
      const sent = request({
        port,
        host: "127.0.0.1",
        agent: this.#agent,
        method,
        path: "/",
        headers: { host: "example.test", "x-id": id },
        timeout: PATIENCE_MS,
      });
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
      sent.end(method === "POST" ? "content" : undefined);
    });
  }
}
