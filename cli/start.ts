/** `fairlead start`: a gateway from the config, in front of one URL, or the demo. */
import type { ReadConfigDocument } from "../handlers/config-document.ts";
import type { LoadedConfig } from "../src/config/load.ts";
import type { Config, ConfigInput } from "../src/config/types.ts";
import type { UpstreamEvent } from "../src/core/telemetry.ts";
import type { Inheritance } from "../runtimes/inheritance.ts";
import { ServeError, type ServeOptions, type Serving } from "../runtimes/serving.ts";
import { CliError } from "./cli-error.ts";
import {
  type ConfigOptions,
  configured,
  configuredBy,
  configuredDocument,
  refuseUnsupported,
} from "./configured.ts";
import { commandName } from "./command-name.ts";
import { type Demo, demoLines, freeDashboardPort, startDemo } from "./demo.ts";
import { startVisitors } from "./demo-visitors.ts";
import { EXIT } from "./exit-codes.ts";
import { hangUps } from "./hang-ups.ts";
import type { Host } from "./host.ts";
import { addressUrl, networkText, routeLines } from "./listening.ts";
import { unreachable } from "./reachability.ts";
import { Reloader } from "./reloader.ts";
import { stopOnSignal } from "./stop-on-signal.ts";
import { succession } from "./succession.ts";
import { type Style, styleFor } from "./style.ts";
import { upstreamUrl } from "./upstream-url.ts";
import { VERSION } from "../src/version.ts";

export interface StartOptions extends ConfigOptions {
  readonly port?: number;
  readonly host?: string;
  /** For URLs. */
  readonly preserveHost?: boolean;
  /** Reload when a file of the config changes. */
  readonly watch?: boolean;
}

/** Lines that tell what is served at `address`. */
type Describe = (address: string, style: Style) => readonly string[];

/** What is about to be served, and what to say about it. */
interface Setup {
  readonly loaded: LoadedConfig;
  /** When reading it began, in milliseconds since 1970. */
  readonly readAt: number;
  readonly describe: Describe;
  readonly reload: () => Promise<LoadedConfig | undefined>;
  /** A line about what an upstream did by itself, instead of those on standard error. */
  readonly lineOf?: ((event: UpstreamEvent) => string | undefined) | undefined;
  /** Called with the address once it is served. What it returns is called at the end. */
  readonly served?: ((address: string) => () => void) | undefined;
  readonly watchesAll?: boolean | undefined;
}

/** What is the same for all setups. */
interface Running {
  readonly host: Host;
  readonly flags: ConfigInput;
  /** Sockets of another process. */
  readonly inheritance: Inheritance | undefined;
  readonly onHangUp: (listener: () => void) => void;
}

/** Serves until a signal comes. Resolves to the exit code. */
export const start = async (host: Host, urls: readonly string[], options: StartOptions): Promise<number> => {
  // Before the environment is read: it says what this process was started with.
  const inheritance = await inheritanceOf(host);
  const flags = listenFlags(options);
  const running: Running = { host, flags, inheritance, onHangUp: hangUps(host) };
  const readAt = host.epoch();
  if (urls.length > 0) return run(running, await urlSetup(host, urls, options));
  if (options.preserveHost === true) {
    throw new CliError(
      EXIT.usage,
      "--preserve-host is for URLs",
      'a config says "host": "preserve" of an upstream',
    );
  }
  const reload = (): Promise<LoadedConfig | undefined> => configured(host, options, flags);
  const loaded = await reload();
  if (loaded !== undefined) {
    const watchesAll = options.watch === true;
    if (watchesAll && loaded.files.length === 0) throw nothingToWatch();
    return run(running, { loaded, readAt, describe: fileDescription(loaded), reload, watchesAll });
  }
  if (options.watch === true) throw nothingToWatch();
  const demo = await startDemo(host, options.port === 0 ? 0 : await freeDashboardPort(host));
  try {
    return await run(running, await demoSetup(host, demo, flags));
  } finally {
    await demo.close();
  }
};

const nothingToWatch = (): CliError =>
  new CliError(EXIT.usage, "--watch is for config files", "name one with --config, or leave --watch out");

const inheritanceOf = async (host: Host): Promise<Inheritance | undefined> => {
  try {
    return await host.inheritance();
  } catch (thrown) {
    if (thrown instanceof ServeError) throw new CliError(EXIT.failed, thrown.message);
    throw thrown;
  }
};

const listenFlags = ({ port, host }: StartOptions): ConfigInput => {
  if (port === undefined && host === undefined) return {};
  return { listen: { ...(port === undefined ? {} : { port }), ...(host === undefined ? {} : { host }) } };
};

const fileDescription =
  ({ config, sources, mask }: LoadedConfig): Describe =>
  (address, style) => [
    `  ${style.cyan(address)}  ${style.dim(`as ${sources.join(", ")} ${sources.length === 1 ? "says" : "say"}`)}`,
    "",
    ...routeLines(config, style, mask),
  ];

const urlSetup = async (host: Host, urls: readonly string[], options: StartOptions): Promise<Setup> => {
  const endpoints = urls.map((url) => upstreamUrl(url, commandName(host)));
  if (options.watch === true) throw nothingToWatch();
  if (options.config !== undefined) {
    throw new CliError(EXIT.usage, "a URL and --config exclude each other", "give one of them");
  }
  const reload = (): Promise<LoadedConfig> =>
    configuredBy(host, {
      ...listenFlags(options),
      upstreams: { upstream: options.preserveHost === true ? { endpoints, host: "preserve" } : endpoints },
      routes: [{ name: "everything", upstream: "upstream" }],
    });
  return {
    readAt: host.epoch(),
    loaded: await reload(),
    reload,
    describe: (address, style) => [`  ${style.cyan(address)}  ${style.dim("→")} ${endpoints.join(", ")}`],
  };
};

const demoConfig = ({ config }: Demo, flags: ConfigInput): ConfigInput => ({
  ...config,
  listen: { ...config.listen, ...flags.listen },
});

const demoSetup = async (host: Host, demo: Demo, flags: ConfigInput): Promise<Setup> => ({
  readAt: host.epoch(),
  loaded: await configuredBy(host, demoConfig(demo, flags)),
  reload: () => configuredBy(host, demoConfig(demo, flags)),
  lineOf: demoLines(demo, () => host.epoch()),
  served: startVisitors,
  describe: (address, style) => {
    const width = Math.max(...[address, ...demo.origins.map(({ url }) => url)].map(({ length }) => length));
    const row = (url: string, what: string): string =>
      `  ${style.cyan(url)}${" ".repeat(width - url.length)}  ${what}`;
    return [
      "Nothing is configured, so this is the demo: a proxy in front of three small servers, and some visitors.",
      "",
      row(address, style.bold("the proxy")),
      ...demo.origins.map(({ spec, url }) => row(url, `${style.bold(spec.name)} ${style.dim(spec.manner)}`)),
      "",
      "Try:",
      `  curl -i ${address}/              ${style.dim("# the three in turn; moody fails now and then, and another answers")}`,
      `  curl -i ${address}/moody/poem    ${style.dim("# moody alone; where it fails, its spare server answers")}`,
      `  curl -i ${address}/swift/hello   ${style.dim("# one route: prefix stripped, header added")}`,
      `  curl -i ${address}/old           ${style.dim("# a redirect, answered by the proxy itself")}`,
      "",
      style.dim(`Your own server: ${commandName(host)} http://localhost:3000`),
      style.dim(`A config file:   ${commandName(host)} init`),
    ];
  },
});

const run = async ({ host, flags, inheritance, onHangUp }: Running, setup: Setup): Promise<number> => {
  const { loaded, describe, lineOf, served, watchesAll = false } = setup;
  await refuseUnsupported(loaded, host.profile);
  const reloads = new Reloader({ ...setup, host, servingOf: () => serving });
  const readDocument: ReadConfigDocument = async (document) => {
    const read = await configuredDocument(host, document, { flags, first: loaded });
    return { ...read, adopted: () => reloads.adopt(read) };
  };
  const succeeded = succession(host);
  const upgrade: ServeOptions["upgrade"] = (timeoutMs) => succeeded.upgrade(timeoutMs);
  const serving = await serve(host, { loaded, lineOf, readDocument, inheritance, upgrade });
  succeeded.begin(serving);
  const style = styleFor(host.stdout, host.env);
  const stopped = Promise.race([stopOnSignal(host, serving, () => succeeded.stop()), succeeded.ended]);
  host.onReopen(() => serving.reopenLogs());
  const { serviceManager } = host;
  const ready = (): Promise<void> => serviceManager.ready(`serving on ${addressUrl(serving.address)}`);
  onHangUp(() => {
    void serviceManager.reloading();
    void reloads.reload().then(ready);
  });
  const title = `${style.bold(`Fairlead ${VERSION}`)} on ${host.runtimeName}`;
  const network = networkText(serving.address, host.networkAddresses());
  const lines = [title, "", ...describe(addressUrl(serving.address), style), ""];
  if (network !== undefined) lines.push(style.dim(network), "");
  const { admin } = serving;
  if (admin !== undefined) {
    const at = addressUrl(admin);
    if (loaded.config.admin.dashboard) {
      lines.push(`Dashboard: ${admin.socket === undefined ? style.cyan(`${at}/`) : `/ at ${at}`}`);
    }
    const where = admin.socket === undefined ? `${at}/readyz, ${at}/metrics` : `/readyz, /metrics at ${at}`;
    lines.push(style.dim(`Health and metrics: ${where}`), "");
  }
  host.stdout.write(`${lines.join("\n")}\n`);
  void warnOfUnreachable(host, loaded);
  await ready();
  host.tookOver();
  const endWatch = reloads.watch(watchesAll);
  const endVisits = served?.(addressUrl(serving.address));
  return stopped.finally(() => {
    endWatch();
    endVisits?.();
  });
};

interface Served extends Pick<Setup, "loaded" | "lineOf">, Pick<ServeOptions, "inheritance" | "upgrade"> {
  readonly readDocument: ReadConfigDocument;
}

const serve = async (host: Host, { loaded, lineOf, ...options }: Served): Promise<Serving> => {
  const { config, explicit, source } = loaded;
  const onUpstreamEvent = (event: UpstreamEvent): void => {
    const line = lineOf?.(event);
    if (line !== undefined) host.stdout.write(`${line}\n`);
  };
  try {
    return await host.serve(config, {
      ...options,
      explicit,
      source,
      origin: loaded,
      ...(lineOf !== undefined && { onUpstreamEvent }),
    });
  } catch (thrown) {
    if (thrown instanceof ServeError) {
      const advice = options.inheritance === undefined ? listenAdvice(config) : undefined;
      throw new CliError(EXIT.failed, thrown.message, advice);
    }
    throw thrown;
  }
};

/** Ports below take more rights than most users have. */
const FIRST_FREE = 1024;

const listenAdvice = ({ listen: { port, socket } }: Config): string => {
  if (socket !== undefined) return "listen.socket says where to listen";
  const other = port >= FIRST_FREE && port < 65_535 ? port + 1 : 8080;
  return `--port and --host say where to listen, for example --port ${other}`;
};

const warnOfUnreachable = async (host: Host, { config, mask }: LoadedConfig): Promise<void> => {
  const style = styleFor(host.stderr, host.env);
  for (const sentence of await unreachable(config, host)) {
    host.stderr.write(`${style.yellow("warning:")} ${mask(sentence)}\n`);
  }
};
