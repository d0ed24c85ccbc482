/** What scripted upstreams are called: by the server they stand for. */
import { readNamed } from "../../src/config/parse.ts";
import { endpointUrl } from "../../src/config/settings/addresses.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import type { ScriptedUpstream } from "./scripted-upstream.ts";

/** `http://host:port` with default ports left out, or `unix:/path`. */
export const upstreamName = ({ origin, socketPath }: Pick<Endpoint, "origin" | "socketPath">): string =>
  socketPath === undefined ? origin : `unix:${socketPath}`;

const normalName = (key: string): string => {
  readNamed("upstreams", key, endpointUrl);
  if (key.startsWith("unix:")) return key;
  const { origin, pathname } = new URL(key);
  if (pathname === "/") return origin;
  throw new TypeError(
    `upstreams: "${key}" names more than a server; write "${origin}" and look at the request's URL`,
  );
};

/** @throws TypeError when a key names no server, two name the same, or a value is no function. */
export const upstreamsByName = (
  upstreams: Readonly<Record<string, ScriptedUpstream>>,
): ReadonlyMap<string, ScriptedUpstream> => {
  const known = new Map<string, ScriptedUpstream>();
  for (const [key, upstream] of Object.entries(upstreams)) {
    const name = normalName(key);
    if (known.has(name)) throw new TypeError(`upstreams: "${name}" is given twice`);
    if (typeof upstream !== "function") {
      throw new TypeError(`upstreams: "${key}": expected a function, found ${typeof upstream}`);
    }
    known.set(name, upstream);
  }
  return known;
};
