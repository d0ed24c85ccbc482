/** Which config is in effect, and what became of the last one that was to replace it. */

export interface RefusedConfig {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What is wrong with the config that was refused, without secrets. */
  readonly message: string;
}

export class ConfigHistory {
  readonly #epoch: () => number;
  #generation = 0;
  #appliedAt = 0;
  #refused = 0;
  #lastError: RefusedConfig | undefined;

  /** @param epoch milliseconds since 1970 */
  constructor(epoch: () => number) {
    this.#epoch = epoch;
  }

  /** How many configs were put into effect. */
  get generation(): number {
    return this.#generation;
  }
  /** When the one in effect was. Milliseconds since 1970. */
  get appliedAt(): number {
    return this.#appliedAt;
  }
  /** How many were refused since the start. */
  get refused(): number {
    return this.#refused;
  }
  /** Undefined where the last one was put into effect. */
  get lastError(): RefusedConfig | undefined {
    return this.#lastError;
  }

  noteApplied(): void {
    this.#generation += 1;
    this.#appliedAt = this.#epoch();
    this.#lastError = undefined;
  }

  noteRefused(message: string): void {
    this.#refused += 1;
    this.#lastError = { at: this.#epoch(), message };
  }
}
