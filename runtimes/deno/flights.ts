/** What a server that was told to finish still has in flight: Deno offers no way to cut it from then on. */
import type { DenoServeInfo } from "./deno-types.ts";

export class Flights {
  #open = 0;
  readonly #waiting: Set<(response: Response) => void> = new Set();

  /** Requests whose response has not been sent to its end. */
  get open(): number {
    return this.#open;
  }

  /** `answer`, or what `cut` says in its place. */
  add(info: DenoServeInfo, answer: Response | Promise<Response>): Promise<Response> {
    this.#open++;
    const landed = (): void => void this.#open--;
    info.completed.then(landed, landed);
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      Promise.resolve(answer)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(resolve));
    });
  }

  /** Answers whoever still waits. Bodies on their way go on, to their end or that of the process. */
  cut(answer: () => Response): void {
    for (const resolve of this.#waiting) resolve(answer());
    this.#waiting.clear();
  }
}
