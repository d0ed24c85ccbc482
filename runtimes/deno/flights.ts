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
  add(info: DenoServeInfo, answer: Response | Promise<Response>): Response | Promise<Response> {
    this.#open++;
    info.completed.then(this.#landed, this.#landed);
    if (!(answer instanceof Promise)) return answer;
    return new Promise((resolve, reject) => {
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          this.#waiting.delete(resolve);
          settle(value);
        };
      this.#waiting.add(resolve);
      answer.then(settled(resolve), settled(reject));
    });
  }

  readonly #landed = (): void => {
    this.#open--;
  };

  /** Answers whoever still settled. Bodies on their way go on, to their end or that of the process. */
  cut(answer: () => Response): void {
    for (const resolve of this.#waiting) resolve(answer());
    this.#waiting.clear();
  }
}
