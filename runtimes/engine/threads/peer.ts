/** Calls between threads, over a message port. */
import { type ErrorData, errorOf, errorData } from "./error-data.ts";

/** What one side answers. Arguments and results are plain data. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A `Worker`, or a worker's `parentPort`. */
export interface MessageEnd {
  postMessage(message: unknown): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

type Message =
  | { readonly kind: "call"; readonly id: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: "tell"; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: "result"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: ErrorData };

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** One end. Messages arrive in the order in which they were sent. */
export class Peer<Remote extends Methods> {
  readonly #end: MessageEnd;
  readonly #local: Methods;
  readonly #pending: Map<number, Pending> = new Map();
  #lastId = 0;
  #closed: Error | undefined;

  constructor(end: MessageEnd, local: Methods) {
    this.#end = end;
    this.#local = local;
    end.on("message", (message) => this.#take(message as Message));
  }

  /** Rejects with what the method throws over there, or when the other thread ends. */
  call<Name extends keyof Remote & string>(
    name: Name,
    ...args: Parameters<Remote[Name]>
  ): Promise<Awaited<ReturnType<Remote[Name]>>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ kind: "call", id, name, args });
    });
  }

  /** Calls a method that never throws, and waits for nothing. */
  tell<Name extends keyof Remote & string>(name: Name, ...args: Parameters<Remote[Name]>): void {
    if (this.#closed === undefined) this.#send({ kind: "tell", name, args });
  }

  /** The other thread has ended: calls that wait fail with `reason`, and later ones too. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const { reject } of this.#pending.values()) reject(this.#closed);
    this.#pending.clear();
  }

  #send(message: Message): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of a thread, not of a window
    this.#end.postMessage(message);
  }

  #take(message: Message): void {
    switch (message.kind) {
      case "tell":
        this.#run(message.name, message.args);
        return;
      case "call":
        void this.#answer(message.id, message.name, message.args);
        return;
      case "result":
        this.#settle(message.id)?.resolve(message.value as never);
        return;
      case "failure":
        this.#settle(message.id)?.reject(errorOf(message.error));
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #run(name: string, args: readonly unknown[]): unknown {
    const method = this.#local[name];
    if (method === undefined) throw new TypeError(`no thread answers "${name}"`);
    return method(...(args as never[]));
  }

  async #answer(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      this.#send({ kind: "result", id, value: await this.#run(name, args) });
    } catch (thrown) {
      this.#send({ kind: "failure", id, error: errorData(thrown) });
    }
  }
}
