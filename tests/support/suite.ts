/** One list of cases, run against every runtime. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/types.ts";
import { ENGINE_SUBJECTS, exemptionOf } from "../conformance/exemptions.ts";
import { within } from "./bound.ts";
import { RawClient, type RawResponse } from "./raw-client.ts";
import { type OriginExchange, RawOrigin } from "./raw-origin.ts";
import type { Hosts } from "./own-hosts.ts";
import { RUNTIMES, type RunningProxy, type RuntimeName, type Served, startProxy } from "./runtimes.ts";

/** What a request says beyond `GET / HTTP/1.1`. */
export interface RequestParts {
  readonly method?: string;
  /** False for a request without the field. @default "example.test" */
  readonly host?: string | false;
  /** @default "1.1" */
  readonly version?: "1.0" | "1.1";
  /** Field lines as they go out, e.g. `["X-A: 1"]`. */
  readonly fields?: readonly string[];
  /** Sent with its `Content-Length`. */
  readonly body?: string;
}

/** The request as text. */
export const requestText = (target: string, parts: RequestParts = {}): string => {
  const { method = "GET", host = "example.test", version = "1.1", fields = [], body } = parts;
  const lines = [
    `${method} ${target} HTTP/${version}`,
    ...(host === false ? [] : [`Host: ${host}`]),
    ...fields,
  ];
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
};

/** What a case works with. */
export class Stage {
  readonly runtime: RuntimeName;
  readonly proxy: RunningProxy;
  readonly origins: readonly RawOrigin[];
  readonly #clients: RawClient[] = [];

  constructor(proxy: RunningProxy, origins: readonly RawOrigin[]) {
    this.runtime = proxy.runtime;
    this.proxy = proxy;
    this.origins = origins;
  }

  get origin(): RawOrigin {
    return this.at(0);
  }

  at(index: number): RawOrigin {
    const origin = this.origins[index];
    if (origin === undefined) throw new RangeError(`no origin ${index}`);
    return origin;
  }

  /** A connection to the proxy, closed when the case ends. */
  async client(): Promise<RawClient> {
    const client = await RawClient.connect(this.proxy.port);
    this.#clients.push(client);
    return client;
  }

  /** A connection on which `text` was sent, and a request for it reached the origin. */
  async begun(text: string): Promise<{ client: RawClient; exchange: OriginExchange }> {
    const before = this.origin.exchanges.length;
    const client = await this.client();
    await client.send(text);
    return { client, exchange: await this.origin.request(before) };
  }

  /** Sends `text` on a new connection and reads the response to it. */
  async raw(text: string | Uint8Array, method: string = "GET"): Promise<RawResponse> {
    const client = await this.client();
    void client.send(text);
    return client.response(method);
  }

  /** One request on a new connection. */
  request(target: string, parts: RequestParts = {}): Promise<RawResponse> {
    // A Worker knows its client from what Cloudflare's edge puts here; workerd alone puts nothing.
    const edge = this.runtime === "workerd" ? ["CF-Connecting-IP: 127.0.0.1"] : [];
    return this.raw(
      requestText(target, { ...parts, fields: [...edge, ...(parts.fields ?? [])] }),
      parts.method,
    );
  }

  end(): void {
    for (const client of this.#clients) client.close();
  }
}

export interface Case {
  /** Subject + behaviour. */
  readonly title: string;
  /** Where users of other software met the opposite. */
  readonly seenAt?: readonly string[];
  readonly run: (stage: Stage) => Promise<void>;
}

export interface SuiteOptions {
  /** Given the origins' URLs. */
  readonly config: (origins: readonly [string, ...string[]], runtime: RuntimeName) => ConfigInput;
  /** @default "gateway" */
  readonly serves?: Served;
  /** @default 1 */
  readonly origins?: number;
  readonly cases: readonly Case[];
  /** A new process for each case, which may end it. @default false */
  readonly endsProxy?: boolean;
  /** Names and addresses that only the proxy can look up. */
  readonly hosts?: Hosts;
}

/** A config with one route to one upstream, the first origin. */
export const oneUpstream =
  (more: ConfigInput = {}): SuiteOptions["config"] =>
  ([origin]) => ({ upstreams: { main: origin }, routes: [{ upstream: "main" }], ...more });

const runCase = async (stage: Stage, { run }: Case, mayEnd: boolean): Promise<void> => {
  const { child } = stage.proxy;
  try {
    await run(stage);
    for (const origin of stage.origins)
      expect(origin.failures.map(String), "what the origin met").toEqual([]);
    if (!mayEnd) expect(child.exit, "the proxy still runs").toBeUndefined();
  } catch (error) {
    if (error instanceof Error && child.stderr !== "")
      error.message += `\n[${stage.runtime} stderr] ${child.stderr}`;
    throw error;
  } finally {
    stage.end();
  }
};

/** Why an exempted case failed, as it should; undefined when it passed. */
const failureOf = async (attempt: Promise<void>): Promise<string | undefined> => {
  try {
    await within(attempt, "the exempted case", 10_000);
    return undefined;
  } catch (error) {
    return String(error);
  }
};

const onRuntime = (subject: string, runtime: RuntimeName, options: SuiteOptions): void => {
  const origins: RawOrigin[] = [];
  let shared: Promise<RunningProxy> | undefined;

  const start = (): Promise<RunningProxy> => {
    const [first = "", ...others] = origins.map((origin) => origin.url);
    return startProxy(runtime, options.config([first, ...others], runtime), options.serves, options.hosts);
  };

  beforeAll(async () => {
    for (let i = 0; i < (options.origins ?? 1); i++) origins.push(await RawOrigin.start());
    if (options.endsProxy === true) return;
    shared = start();
    await shared.catch(() => {});
  });

  afterAll(async () => {
    await shared?.then((proxy) => proxy.stop()).catch(() => {});
    for (const origin of origins) await origin.stop();
  });

  const attempt = async (one: Case): Promise<void> => {
    for (const origin of origins) origin.reset();
    const own = options.endsProxy === true;
    const proxy = own ? await start() : await shared;
    if (proxy === undefined) throw new Error("the proxy was not started");
    try {
      await runCase(new Stage(proxy, origins), one, own);
    } finally {
      if (own) await proxy.stop();
    }
  };

  for (const one of options.cases) {
    const exemption = exemptionOf(subject, one.title, runtime);
    test(one.title, async ({ skip }) => {
      if (exemption === undefined) return attempt(one);
      const failure = await failureOf(attempt(one));
      expect(failure, "passes now: take its exemption out").toBeDefined();
      expect(failure).toContain(exemption.fails);
      return skip(exemption.reason);
    });
  }
};

/** Declares the cases for each runtime. */
export const conformance = (subject: string, options: SuiteOptions): void => {
  const elsewhere = ENGINE_SUBJECTS[subject];
  for (const runtime of RUNTIMES) {
    const why = runtime === "workerd" ? elsewhere : undefined;
    describe.skipIf(why !== undefined)(
      `${subject} on ${runtime}${why === undefined ? "" : ` (${why})`}`,
      () => {
        onRuntime(subject, runtime, options);
      },
    );
  }
};
