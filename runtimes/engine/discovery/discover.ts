/** Finds endpoints as the config says, by what Node, Deno and Bun have in common. */
import { promises } from "node:fs";
import type { Discover, EndpointSource } from "../../../src/core/endpoint-source.ts";
import type { Clock, Random, Transport } from "../../../src/core/platform.ts";
import { dnsSource } from "../../../src/discovery/dns-source.ts";
import { fileSource } from "../../../src/discovery/file-source.ts";
import { httpSource } from "../../../src/discovery/http-source.ts";
import { kubernetesSource } from "../../../src/discovery/kubernetes-source.ts";
import { dnsResolver } from "./resolver.ts";
import { watchedFile } from "./watched-file.ts";

export interface DiscoverParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
}

export const engineDiscover =
  (parts: DiscoverParts): Discover =>
  (order): EndpointSource => {
    switch (order.kind) {
      case "dns":
        return dnsSource({ ...parts, ...order, resolver: dnsResolver(order) });
      case "file":
        return fileSource(watchedFile(order.path, parts.clock), parts.clock);
      case "http":
        return httpSource({ ...parts, ...order, endpoint: order.server });
      case "kubernetes": {
        const { tokenFile } = order;
        return kubernetesSource({
          ...parts,
          ...order,
          api: order.server,
          token:
            tokenFile === undefined
              ? undefined
              : async () => (await promises.readFile(tokenFile, "utf8")).trim(),
        });
      }
    }
  };
