/** A second copy of a slow request, to another endpoint; the first good answer wins. */
import { CancellationSource } from "../core/cancellation.ts";
import { ProxyError, asProxyError } from "../core/errors.ts";
import type { Exchange, Trail } from "../core/exchange.ts";
import type { Cancel, Clock } from "../core/platform.ts";
import { type Reply, cancelReply } from "../core/reply.ts";
import type { Layer, Service } from "../core/service.ts";
import type { LatencyWindow } from "./latency-window.ts";
import type { RetryBudget } from "./retry-budget.ts";

export interface HedgeOptions {
  readonly clock: Clock;
  /** Latencies of the upstream, which this layer also fills. */
  readonly latencies: LatencyWindow;
  readonly budget: RetryBudget;
  /** Bounds of the delay before the copy. @default 50 and 2000 */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly onHedge?: (() => void) | undefined;
}

/** The copy is sent when the request takes longer than 95 % of the others. */
const QUANTILE = 0.95;
const HEDGED: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** A second tunnel would be a second session at the upstream. */
const isHedged = ({ arrival, body, upgrade }: Exchange): boolean =>
  HEDGED.has(arrival.method) && body.kind === "none" && upgrade === undefined;

/** Only GET and HEAD without content are copied, and only while the budget lasts (Dean and Barroso 2013). */
export const hedge =
  (options: HedgeOptions): Layer =>
  (next) =>
  (exchange) => {
    const { clock, budget } = options;
    if (!isHedged(exchange)) return next(exchange);
    budget.deposit(clock.now());
    return new Promise((resolve, reject) => {
      new HedgedRun({ options, next, exchange, resolve, reject }).start();
    });
  };

interface RunParts {
  readonly options: HedgeOptions;
  readonly next: Service;
  readonly exchange: Exchange;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ProxyError) => void;
}

/** One of the two copies. */
interface Copy {
  readonly cancellation: CancellationSource;
  readonly unlink: Cancel;
  /** Each copy has its own, because they run at the same time. */
  readonly trail: Trail;
  /** An error, or a reply that is given up if the other copy brings a better one. */
  failed: { readonly reply: Reply } | { readonly error: ProxyError } | undefined;
}

class HedgedRun {
  readonly #parts: RunParts;
  readonly #copies: Copy[] = [];
  #isOver = false;
  #cancelTimer: Cancel | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, latencies, minDelayMs, maxDelayMs } = this.#parts.options;
    const observed = latencies.quantile(clock.now(), QUANTILE) ?? maxDelayMs;
    const delay = Math.min(maxDelayMs, Math.max(minDelayMs, observed));
    this.#cancelTimer = clock.after(delay, () => this.#hedge());
    this.#send();
  }

  #hedge(): void {
    const { clock, budget, onHedge } = this.#parts.options;
    if (this.#isOver || !budget.withdraw(clock.now())) return;
    onHedge?.();
    this.#send();
  }

  #send(): void {
    const { next, exchange, options } = this.#parts;
    const startedAt = options.clock.now();
    const cancellation = new CancellationSource();
    const unlink = exchange.cancellation.subscribe((reason) => cancellation.cancel(reason));
    // The second copy avoids the endpoint that the first one tries.
    const trail = copyOf(this.#copies[0]?.trail ?? exchange.trail);
    const copy: Copy = { cancellation, unlink, trail, failed: undefined };
    this.#copies.push(copy);
    next({ ...exchange, cancellation, trail }).then(
      (reply) => {
        const now = options.clock.now();
        if (!this.#isOver) options.latencies.observe(now, now - startedAt);
        this.#answered(copy, reply);
      },
      (thrown: unknown) => this.#failed(copy, asProxyError(thrown)),
    );
  }

  #answered(copy: Copy, reply: Reply): void {
    if (this.#isOver) {
      cancelReply(reply, superseded());
      return;
    }
    copy.failed = { reply };
    const isGood = reply.kind !== "http" || reply.status < 500;
    if (isGood || !this.#isWaiting()) this.#win(copy);
  }

  #failed(copy: Copy, error: ProxyError): void {
    copy.unlink();
    if (this.#isOver) return;
    copy.failed = { error };
    if (!this.#isWaiting())
      this.#win(this.#copies.find(({ failed }) => failed !== undefined && "reply" in failed) ?? copy);
  }

  /** Makes the winner's trail the exchange's: its endpoint is the one that answered. */
  #note({ trail }: Copy): void {
    const own = this.#parts.exchange.trail;
    const attempts = this.#copies.map((copy) => copy.trail.attempts);
    Object.assign(own, trail);
    own.attempts = Math.max(...attempts);
  }

  #isWaiting(): boolean {
    return this.#copies.some(({ failed }) => failed === undefined);
  }

  /** The winner's cancellation stays linked to the client until its body has ended. */
  #win(winner: Copy): void {
    const { resolve, reject } = this.#parts;
    this.#isOver = true;
    this.#cancelTimer?.();
    for (const copy of this.#copies) {
      if (copy === winner) continue;
      copy.unlink();
      if (copy.failed !== undefined && "reply" in copy.failed) cancelReply(copy.failed.reply, superseded());
      copy.cancellation.cancel(superseded());
    }
    this.#note(winner);
    const { failed } = winner;
    if (failed === undefined) return;
    if ("reply" in failed) resolve(failed.reply);
    else reject(failed.error);
  }
}

const copyOf = (trail: Trail): Trail => ({ ...trail, earlier: trail.earlier?.slice() });

const superseded = (): ProxyError => new ProxyError("superseded");
