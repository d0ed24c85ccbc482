/** What a `*.bench.ts` file exports: `suites`, called once before the run. */

/** Benches of one table, by unique name. A function that returns a promise is awaited. */
export interface Suite {
  readonly title: string;
  readonly benches: Readonly<Record<string, () => unknown>>;
}
