/** What every launcher does: the config file as people load it, refused where the runtime can't honour it. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { ServeOptions, Serving } from "../../../runtimes/serving.ts";
import { type LoadedConfig, loadConfig } from "../../../src/config/load.ts";
import { showPath } from "../../../src/config/problem.ts";
import { refusals } from "../../../src/config/requirements.ts";
import type { Config } from "../../../src/config/types.ts";
import type { Platform } from "../../../src/core/platform.ts";

/** A runtime as its `mod.ts` exports it. */
export interface Runtime {
  platform(): Platform;
  serve(config: Config, options: ServeOptions): Promise<Serving>;
}

const load = async (file: string): Promise<LoadedConfig> => {
  const loaded = await loadConfig({
    file,
    env: {},
    flags: {},
    cwd: process.cwd(),
    readText: (path) => readFile(path, "utf8"),
    importModule: (path) => Promise.reject(new Error(`${path} is no module`)),
  });
  if (loaded === undefined) throw new Error(`${file} configures nothing`);
  return loaded;
};

/**
 * Serves the file on a free port, says which, drains on SIGTERM and says how many requests that cut, opens logs anew on SIGUSR2,
 * reads the file anew on SIGHUP and says what became of it.
 */
export const launch = async (runtime: Runtime): Promise<void> => {
  const { config, explicit } = await load(process.argv[2] ?? "");
  const refused = refusals(config, explicit, runtime.platform());
  if (refused.length > 0) {
    for (const { path, message } of refused) process.stderr.write(`refused ${showPath(path)}: ${message}\n`);
    process.exit(2);
  }
  const free = config.listen.socket === undefined ? { port: 0, host: "127.0.0.1" } : {};
  const serving = await runtime.serve(config, { ...free, explicit });
  process.on("SIGUSR2", () => serving.reopenLogs());
  process.on("SIGHUP", () => {
    void change(serving).then((said) => void process.stdout.write(`${JSON.stringify(said)}\n`));
  });
  process.on("SIGTERM", () => {
    void serving.drain().then(({ cut }) => {
      process.stdout.write(`${JSON.stringify({ cut })}\n`);
      process.exit(cut === 0 ? 0 : 1);
    });
  });
  const { admin, address } = serving;
  process.stdout.write(`${JSON.stringify({ admin: admin?.port, port: address.port })}\n`);
};

const change = async (serving: Serving): Promise<object> => {
  try {
    const { config, explicit } = await load(process.argv[2] ?? "");
    (await serving.prepare(config, explicit)).commit();
    return { generation: serving.generation };
  } catch (thrown) {
    return { refused: String(thrown) };
  }
};
