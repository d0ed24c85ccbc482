/** Other proxies and Fairlead with a snippet of docs/migrating.md, each the real program. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import type { ConfigInput } from "../../../src/config/types.ts";
import { Child } from "../child.ts";
import { nginxBinary } from "../nginx.ts";
import { type RuntimeName, startProxy } from "../runtimes.ts";
import { ROOT } from "../sources.ts";
import type { ProxyName } from "./page.ts";
import type { Place } from "./place.ts";

export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

const placed = (...places: readonly string[]): string | undefined => places.find((path) => existsSync(path));

const nginx = nginxBinary();
const caddy = placed("/usr/bin/caddy", "/usr/local/bin/caddy", "/opt/homebrew/bin/caddy");
const haproxy = placed("/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/opt/homebrew/sbin/haproxy");

/** Whether that one can be run here. Traefik never is: Debian has no package of it. */
export const isHere = (name: ProxyName): boolean =>
  ({
    nginx: nginx !== undefined,
    caddy: caddy !== undefined,
    haproxy: haproxy !== undefined,
    traefik: false,
    "http-proxy-middleware": true,
    fairlead: true,
  })[name];

/** The snippet as a whole config, in a file of the place. */
const fileOf = (name: ProxyName, snippet: string, place: Place): string => {
  const { directory } = place;
  const text = WHOLE[name](place.at(snippet), directory);
  // Packages are found from the project.
  const inside = name === "http-proxy-middleware" ? moduleFolder() : directory;
  const file = join(inside, FILES[name]);
  writeFileSync(file, text);
  return file;
};

const moduleFolder = (): string => {
  const parent = join(ROOT, "node_modules/.cache");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "migrating-"));
};

const FILES: Readonly<Record<ProxyName, string>> = {
  nginx: "nginx.conf",
  caddy: "Caddyfile",
  haproxy: "haproxy.cfg",
  traefik: "traefik.yaml",
  "http-proxy-middleware": "server.mjs",
  fairlead: "fairlead.json",
};

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

const WHOLE: Readonly<Record<ProxyName, (snippet: string, directory: string) => string>> = {
  nginx: (snippet, directory) => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 256; }
http {
access_log off;
${TEMPORARY.map((name) => `${name}_temp_path ${directory}/${name};`).join("\n")}
${snippet}
}
`,
  caddy: (snippet) => `{
  admin off
  auto_https off
  default_bind 127.0.0.1
}
${snippet}
`,
  haproxy: (snippet) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${snippet}
`,
  traefik: (snippet) => snippet,
  "http-proxy-middleware": (snippet) => `
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";
const app = express();
${snippet}
const server = app.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
`,
  fairlead: (snippet) => snippet,
};

const run = (command: string, args: readonly string[], place: Place): void => {
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: "utf8", env: homeIn(place) });
  if (status !== 0) throw new Error(`${command} refuses its config: ${stderr}${stdout}`);
};

const homeIn = ({ directory }: Place): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: directory,
  XDG_DATA_HOME: directory,
  XDG_CONFIG_HOME: directory,
});

/** Has the program itself read the snippet; throws what it complains of. */
export const validate = (name: ProxyName, snippet: string, place: Place): void => {
  const file = fileOf(name, snippet, place);
  if (name === "nginx") run(nginx ?? "nginx", ["-t", "-q", "-e", "stderr", "-c", file], place);
  if (name === "caddy")
    run(caddy ?? "caddy", ["validate", "--adapter", "caddyfile", "--config", file], place);
  if (name === "haproxy") run(haproxy ?? "haproxy", ["-c", "-q", "-f", file], place);
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && resolve(true)).once("error", () => resolve(false));
  });

const listening = async (child: Child, port: number): Promise<void> => {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (child.exit !== undefined) throw new Error(`it ended: ${child.stderr}`);
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not begin to accept");
};

/** Starts the program with the snippet. Fairlead runs on `runtime`. */
export const start = async (
  name: ProxyName,
  snippet: string,
  place: Place,
  runtime: RuntimeName,
): Promise<Running> => {
  if (name === "fairlead") {
    const config = parse(place.at(snippet), [], { allowTrailingComma: true }) as ConfigInput;
    return startProxy(runtime, config);
  }
  const file = fileOf(name, snippet, place);
  if (name === "http-proxy-middleware") {
    const child = new Child(name, join(ROOT, "node_modules/.bin/node"), [file]);
    const [printed] = await child.printed(/^\{"port":\d+\}$/m);
    const { port } = JSON.parse(printed) as { readonly port: number };
    const stop = async (): Promise<void> => {
      await child.stop();
      rmSync(join(file, ".."), { recursive: true, force: true });
    };
    return { port, stop };
  }
  const child = new Child(name, ...commandOf(name, file), homeIn(place));
  try {
    await listening(child, place.port);
  } catch (error) {
    await child.stop();
    throw error;
  }
  const stop = async (): Promise<void> => {
    // nginx ends its workers on TERM, not when it is killed.
    child.signal(name === "nginx" ? "SIGTERM" : "SIGKILL");
    await child.ended();
  };
  return { port: place.port, stop };
};

const commandOf = (name: ProxyName, file: string): [command: string, args: readonly string[]] => {
  switch (name) {
    case "nginx":
      return [nginx ?? "", ["-e", "stderr", "-c", file]];
    case "caddy":
      return [caddy ?? "", ["run", "--adapter", "caddyfile", "--config", file]];
    case "haproxy":
      return [haproxy ?? "", ["-db", "-f", file]];
    case "traefik":
    case "http-proxy-middleware":
    case "fairlead":
      throw new RangeError(`${name} is no program here`);
  }
};
