/** The command line in memory: files in a map, output in strings, nothing listens. */
import { issueCertificate } from "../../runtimes/x509.ts";
import { main } from "../../cli/main.ts";
import type { Answer, Host, Question } from "../../cli/host.ts";
import { RUNTIME_PROFILES } from "../../cli/runtime-profile.ts";

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: ReadonlyMap<string, string>;
}

export interface CliSetup {
  /** By path, absolute or below the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  /** False where the directories of new files are missing. @default true */
  readonly writable?: boolean;
  /** Codes of the errors that reading a path below the working directory fails with. */
  readonly unreadable?: Readonly<Record<string, string>>;
  /** Why nothing answers at a host, by its name. */
  readonly down?: Readonly<Record<string, string>>;
  /** The authority of `fairlead cert --acme`. */
  readonly obtain?: Host["obtainCertificate"];
  /** What a running proxy answers. @default asking one fails the test */
  readonly answer?: (question: Question) => Answer | Error;
  /** What starting to serve fails with. */
  readonly serveError?: Error;
}

const CWD = "/app";

/** Runs `fairlead` with `args`. Commands that serve are not for this. */
export const runCli = async (args: readonly string[], setup: CliSetup = {}): Promise<CliRun> => {
  const files = new Map(
    Object.entries(setup.files ?? {}).map(([path, text]) => [
      path.startsWith("/") ? path : `${CWD}/${path}`,
      text,
    ]),
  );
  const written = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr"): Host["stdout"] => ({
    isTTY: setup.tty ?? false,
    columns: setup.columns,
    write: (text) => {
      written[name] += text;
    },
  });
  const unexpected = (what: string) => (): never => {
    throw new Error(`${what} is not part of this test`);
  };
  const code = await main({
    runtimeName: "Memory",
    profile: RUNTIME_PROFILES.node,
    args,
    env: setup.env ?? {},
    cwd: CWD,
    stdout: output("stdout"),
    stderr: output("stderr"),
    readText: async (path) => {
      const text = files.get(path);
      const code = setup.unreadable?.[path.slice(CWD.length + 1)];
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
      return text;
    },
    writeText: async (path, text) => {
      if (setup.writable === false) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
      files.set(path, text);
    },
    writeSecret: async (path, text) => void files.set(path, text),
    obtainCertificate: setup.obtain ?? unexpected("obtaining"),
    issueCertificate: (request) => issueCertificate(request, Date.now()),
    onHangUp: () => {},
    onReopen: () => {},
    whenChanged: unexpected("watching files"),
    certificates: { inspect: () => [], accessTo: () => Promise.resolve(undefined) },
    modules: { import: unexpected("importing"), files: [] },
    epoch: () => 0,
    now: () => 0,
    networkAddresses: () => [],
    onSignal: unexpected("a signal"),
    exit: unexpected("exiting"),
    inheritance: () => Promise.resolve(undefined),
    tookOver: () => {},
    failed: () => {},
    startSuccessor: unexpected("a successor"),
    serviceManager: {
      ready: unexpected("a service manager"),
      reloading: unexpected("a service manager"),
      stopping: unexpected("a service manager"),
      leave: unexpected("a service manager"),
    },
    serve: async () => {
      throw setup.serveError ?? new Error("serving is not part of this test");
    },
    serveDemo: unexpected("the demo"),
    ask: async (question) => {
      const answer = setup.answer?.(question) ?? new Error("asking a proxy is not part of this test");
      if (answer instanceof Error) throw answer;
      return answer;
    },
    openTerminal: () => undefined,
    timeOfDay: () => "12:00:00",
    reach:
      setup.down === undefined
        ? unexpected("connecting")
        : async (target) => ("host" in target ? setup.down?.[target.host] : undefined),
  });
  const relative = [...files].map(([path, text]) => [path.slice(CWD.length + 1), text] as const);
  return { code, ...written, files: new Map(relative) };
};
