/** An origin in a process of its own, which can be made to fail in the ways of real ones. */
import { fileURLToPath } from "node:url";
import { Child } from "../child.ts";
import type { Mode } from "../launch/faulty-origin.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const FAULTS = [
  "killed",
  "hangs",
  "resets mid-response",
  "answers 503",
  "accepts and never reads",
  "slow to accept",
] as const;
export type Fault = (typeof FAULTS)[number];

const MODES: Readonly<Partial<Record<Fault, Mode>>> = {
  hangs: "hang",
  "resets mid-response": "reset",
  "answers 503": "unavailable",
  "accepts and never reads": "unread",
};

export class FaultyOrigin {
  readonly name: string;
  port = 0;
  #control = 0;
  #child: Child | undefined;
  /** What earlier processes printed. */
  #printed = "";

  constructor(name: string) {
    this.name = name;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ids of the requests with `method` whose heads came. */
  received(method: "GET" | "POST"): readonly string[] {
    const text = this.#printed + (this.#child?.stdout ?? "");
    return [...text.matchAll(new RegExp(`^${method} (\\S+)$`, "gm"))].map(([, id = ""]) => id);
  }

  async start(): Promise<void> {
    const node = at("../../../node_modules/.bin/node");
    this.#child = new Child("origin", node, [at("../launch/faulty-origin.ts"), this.name, String(this.port)]);
    const [, port, control] = await this.#child.printed(/^ports (\d+) (\d+)$/m, 20_000);
    this.port = Number(port);
    this.#control = Number(control);
  }

  async begin(fault: Fault): Promise<void> {
    const mode = MODES[fault];
    if (mode !== undefined) await this.#tell(mode);
    else if (fault === "slow to accept") this.#child?.signal("SIGSTOP");
    else await this.stop();
  }

  async end(fault: Fault): Promise<void> {
    if (MODES[fault] !== undefined) await this.#tell("ok");
    else if (fault === "slow to accept") this.#child?.signal("SIGCONT");
    else await this.start();
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.signal("SIGCONT");
    child.signal("SIGKILL");
    await child.ended();
    this.#printed += child.stdout;
  }

  async #tell(mode: Mode): Promise<void> {
    await (await fetch(`http://127.0.0.1:${this.#control}/${mode}`)).arrayBuffer();
  }
}
