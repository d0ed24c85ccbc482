/** Imports a module and all that it imports as the files are now, however often it was imported before. */
import { realpath } from "node:fs/promises";
import module, { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileStamp } from "./file-stamp.ts";

export interface FreshModules {
  /**
   * Imports the module at an absolute path. Packages (`node_modules`, Fairlead itself) are imported once for the process.
   *
   * @throws what the runtime says of a module that it can't load; an error that asks for a restart where a package has changed.
   */
  import(path: string): Promise<unknown>;
  /** Files that the last import read, packages left out. */
  readonly files: readonly string[];
}

/** What the runtime's own loader offers. */
interface Loader {
  load(path: string, version: number): Promise<unknown>;
  /** Files that the module at `path` and its imports are, after `load`. */
  filesOf(path: string): readonly string[];
}

const cache = createRequire(import.meta.url).cache;

/** Of this package. Built, the file is in a folder right below it. */
const ROOT = new URL(import.meta.url.includes("/runtimes/engine/") ? "../../" : "../", import.meta.url);
const OWN = ["bin", "cli", "handlers", "middleware", "runtimes", "src"].map((name) =>
  fileURLToPath(new URL(`${name}/`, ROOT)),
);

/** Deno keeps packages outside of the project too. */
const PACKAGE = /[/\\]node_modules[/\\]|[/\\]deno[/\\]npm[/\\]/;

const isOwn = (file: string): boolean => OWN.some((directory) => file.startsWith(directory));
const isPackage = (file: string): boolean => PACKAGE.test(file) || isOwn(file);

/** Marks the modules of one import, so that they are others than those of an import before. */
const QUERY = "fairlead";
const MARK = /[?&]fairlead=\d+/;

const unmarked = (text: string): string => text.replaceAll(new RegExp(MARK.source, "g"), "");
const marked = (url: string, version: number): string =>
  `${url}${url.includes("?") ? "&" : "?"}${QUERY}=${version}`;

const fileOf = (url: string | undefined): string | undefined =>
  url?.startsWith("file:") === true ? fileURLToPath(unmarked(url)) : undefined;

/** By the hooks that Node and Deno have: every module below a marked one is marked too. */
const hookedLoader = (): Loader => {
  /** What each file imports. */
  const imports = new Map<string, Set<string>>();
  module.registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const parent = fileOf(context.parentURL);
      const file = fileOf(resolved.url);
      const known = parent === undefined ? undefined : imports.get(parent);
      if (known === undefined || file === undefined) return resolved;
      known.add(file);
      if (!imports.has(file)) imports.set(file, new Set());
      const mark = MARK.exec(context.parentURL ?? "")?.[0];
      if (mark === undefined || isPackage(file)) return resolved;
      return { ...resolved, url: marked(resolved.url, Number(mark.slice(mark.indexOf("=") + 1))) };
    },
  });
  const filesOf = (path: string): readonly string[] => {
    const found = new Set([path]);
    for (const file of found) for (const each of imports.get(file) ?? []) found.add(each);
    return [...found];
  };
  return {
    filesOf,
    async load(path, version) {
      for (const file of filesOf(path)) {
        if (isPackage(file)) continue;
        // CommonJS modules are kept by their files.
        delete cache[file];
        imports.delete(file);
      }
      imports.set(path, new Set());
      const { href } = pathToFileURL(path);
      return import(version === 1 ? href : marked(href, version));
    },
  };
};

/** Bun keeps modules of both kinds in one cache, by their files. */
const cachedLoader = (): Loader => {
  const before = new Set(Object.keys(cache));
  const files = (): readonly string[] =>
    Object.keys(cache).filter((file) => !before.has(file) && !isOwn(file));
  return {
    filesOf: files,
    async load(path) {
      for (const file of [path, ...files()]) if (!isPackage(file)) delete cache[file];
      return import(path);
    },
  };
};

/** Without such hooks a module can be imported once. */
const plainLoader = (): Loader => ({
  filesOf: (path) => [path],
  async load(path, version) {
    if (version > 1) throw new Error("this version of Deno can't import a module anew; restart the proxy");
    return import(pathToFileURL(path).href);
  },
});

/** How a runtime keeps modules: by addresses, with hooks for those (Node, Deno), or all in one cache (Bun). */
export type ModuleKeeping = "hooks" | "cache";

const loaderFor = (keeping: ModuleKeeping): Loader => {
  if (keeping === "cache") return cachedLoader();
  return typeof module.registerHooks === "function" ? hookedLoader() : plainLoader();
};

/** Changes nothing about the runtime's loader before the first import. */
export const freshModules = (keeping: ModuleKeeping): FreshModules => {
  let loader: Loader | undefined;
  let version = 0;
  let files: readonly string[] = [];
  /** Of packages, when they were first imported. */
  const stamps = new Map<string, string>();
  return {
    get files() {
      return files;
    },
    async import(path) {
      const file = await realpath(path);
      const ownLoader = (loader ??= loaderFor(keeping));
      version += 1;
      const imported = await ownLoader.load(file, version).then(
        (value) => ({ value }),
        (thrown: unknown) => ({ thrown }),
      );
      const all = ownLoader.filesOf(file);
      files = all.filter((each) => !isPackage(each));
      await refuseChanged(all.filter(isPackage), stamps);
      if ("thrown" in imported) throw unmarkedError(imported.thrown);
      return imported.value;
    },
  };
};

const refuseChanged = async (packages: readonly string[], stamps: Map<string, string>): Promise<void> => {
  for (const file of packages) {
    const stamp = await fileStamp(file);
    const first = stamps.get(file) ?? stamp;
    stamps.set(file, first);
    if (first !== stamp) throw restart(file);
  }
};

const restart = (file: string): Error =>
  new Error(`${file} has changed since it was imported, and is imported once only; restart the proxy`);

/** Nobody knows what the marks are. */
const unmarkedError = (thrown: unknown): unknown => {
  if (!(thrown instanceof Error)) return thrown;
  thrown.message = unmarked(thrown.message);
  if (thrown.stack !== undefined) thrown.stack = unmarked(thrown.stack);
  return thrown;
};
