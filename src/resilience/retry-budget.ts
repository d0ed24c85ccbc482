/**
 * A retry budget: retries are a share of requests, not a number for each.
 *
 * Three retries each are harmless while one request in a thousand fails, and four times the load when everything fails, which
 * is when servers can bear it least. A budget gives the first case all the retries it wants, and the second hardly any.
 */

export interface BudgetOptions {
  /** Retries earned by a request, 0.2 for 20 %. */
  readonly ratio: number;
  /** Retries earned by time alone, so that quiet upstreams have some. At most one second's worth is saved up. */
  readonly perSecond: number;
}

export const RETRY_BUDGET: BudgetOptions = Object.freeze({ ratio: 0.2, perSecond: 10 });
/** Copies of slow requests, see `hedge`. */
export const HEDGE_BUDGET: BudgetOptions = Object.freeze({ ratio: 0.05, perSecond: 0 });

const SLOTS = 10;
const SLOT_MS = 1_000;

/**
 * What requests earn is forgotten after ten seconds: from any moment on, withdrawals are at most ratio × requests since ten
 * seconds before + perSecond × (seconds + 1).
 */
export class RetryBudget {
  readonly #options: BudgetOptions;
  /** Earned by requests, by the second in which they came. */
  readonly #earned: Float64Array = new Float64Array(SLOTS);
  #newest = Number.NEGATIVE_INFINITY;
  #saved: number;
  #savedAt: number | undefined;

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#saved = options.perSecond;
  }

  /** A request has come. `now` never goes back. */
  deposit(now: number): void {
    this.#advance(now);
    const at = this.#newest % SLOTS;
    this.#earned[at] = (this.#earned[at] ?? 0) + this.#options.ratio;
  }

  /** Takes one retry; false where there is none. */
  withdraw(now: number): boolean {
    this.#advance(now);
    if (this.#balance() < 1) return false;
    let due = 1;
    // The oldest are spent first, because they expire first.
    for (let age = SLOTS - 1; age >= 0 && due > 0; age--) {
      const at = (this.#newest - age + SLOTS) % SLOTS;
      const taken = Math.min(due, this.#earned[at] ?? 0);
      this.#earned[at] = (this.#earned[at] ?? 0) - taken;
      due -= taken;
    }
    this.#saved -= due;
    return true;
  }

  /** Retries that may be made at once. */
  available(now: number): number {
    this.#advance(now);
    return Math.floor(this.#balance());
  }

  #balance(): number {
    let balance = this.#saved;
    for (const earned of this.#earned) balance += earned;
    // Sums of fractions such as 0.2 may be a little less than the whole number.
    return balance + 1e-9;
  }

  #advance(now: number): void {
    const { perSecond } = this.#options;
    this.#saved = Math.min(perSecond, this.#saved + ((now - (this.#savedAt ?? now)) / 1_000) * perSecond);
    this.#savedAt = now;
    const slot = Math.floor(now / SLOT_MS);
    const passed = Math.min(SLOTS, slot - this.#newest);
    if (passed <= 0) return;
    this.#newest = slot;
    for (let i = 0; i < passed; i++) this.#earned[(slot - i + SLOTS) % SLOTS] = 0;
  }
}
