/** A real Prometheus on loopback. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";
import { freePort } from "./free-port.ts";

const find = (name: string): string | undefined =>
  ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    .map((folder) => join(folder, name))
    .find((place) => existsSync(place));

/** Where Prometheus and its tool are, if they are. */
export const prometheusBinary = (): string | undefined => find("prometheus");
const promtoolBinary = (): string => find("promtool") ?? "promtool";

export interface ScrapeTarget {
  readonly job: string;
  readonly port: number;
  /** @default "/metrics" */
  readonly path?: string;
  readonly token?: string;
}

/** Value of one series of an answer, by its labels' values in the order of `by`. */
export type Answers = Readonly<Record<string, number>>;

export interface Prometheus {
  /** Evaluates a query now. */
  query(expression: string, by: readonly string[]): Promise<Answers>;
  /** Evaluates it until `isEnough`, for as long as a few scrapes take. */
  queryUntil(
    expression: string,
    by: readonly string[],
    isEnough: (answers: Answers) => boolean,
  ): Promise<Answers>;
  /** Trace ids of the exemplars of a selector, by job. */
  exemplars(selector: string): Promise<Readonly<Record<string, readonly string[]>>>;
  stop(): Promise<void>;
}

/** JSON is YAML. */
const configOf = (targets: readonly ScrapeTarget[], rules: readonly string[]): string =>
  JSON.stringify({
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: rules,
    scrape_configs: targets.map(({ job, port, path = "/metrics", token }) => ({
      job_name: job,
      metrics_path: path,
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
      ...(token === undefined ? {} : { authorization: { credentials: token } }),
    })),
  });

interface QueryAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

interface ExemplarAnswer {
  readonly data: readonly {
    readonly seriesLabels: Readonly<Record<string, string>>;
    readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>> }[];
  }[];
}

const LONGEST_MS = 25_000;

export const startPrometheus = async (
  binary: string,
  targets: readonly ScrapeTarget[],
  rules: readonly string[],
): Promise<Prometheus> => {
  const directory = mkdtempSync(join(tmpdir(), "fairlead-prometheus-"));
  const config = join(directory, "prometheus.yml");
  writeFileSync(config, configOf(targets, rules));
  const port = await freePort();
  const child = new Child("prometheus", binary, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--enable-feature=exemplar-storage",
  ]);
  await child.printed(/Server is ready to receive web requests/, LONGEST_MS);
  const query: Prometheus["query"] = async (expression, by) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = (await (await fetch(url)).json()) as QueryAnswer;
    if (answer.status !== "success") throw new Error(`${expression}: ${answer.error ?? "failed"}`);
    return Object.fromEntries(
      answer.data.result.map(({ metric, value: [, text] }) => [
        by.map((label) => metric[label] ?? "").join(" "),
        Number(text),
      ]),
    );
  };
  return {
    query,
    async queryUntil(expression, by, isEnough) {
      const endsAt = performance.now() + LONGEST_MS;
      let answers = await query(expression, by);
      while (!isEnough(answers) && performance.now() < endsAt) answers = await query(expression, by);
      return answers;
    },
    async exemplars(selector) {
      const now = Date.now() / 1_000;
      const url = new URL(`http://127.0.0.1:${port}/api/v1/query_exemplars`);
      url.search = String(new URLSearchParams({ query: selector, start: `${now - 600}`, end: `${now + 5}` }));
      const { data } = (await (await fetch(url)).json()) as ExemplarAnswer;
      const found: Record<string, string[]> = {};
      for (const { seriesLabels, exemplars } of data) {
        (found[seriesLabels["job"] ?? ""] ??= []).push(
          ...exemplars.map(({ labels }) => labels["trace_id"] ?? ""),
        );
      }
      return found;
    },
    async stop() {
      child.signal("SIGTERM");
      await child.ended();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** What promtool says, and its exit code. */
export const promtool = (args: readonly string[], input = ""): { code: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(promtoolBinary(), [...args], { encoding: "utf8", input });
  return { code: status, said: stdout + stderr };
};
