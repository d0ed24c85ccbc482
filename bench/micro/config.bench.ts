/** What a start or a reload costs. */
import { do_not_optimize } from "mitata";
import { parse } from "jsonc-parser";
import { memoryPlatform } from "../../runtimes/memory/platform.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { buildGateway } from "../../src/gateway.ts";
import { CONFIG_LOAD, GATEWAY_BUILD } from "../report/targets.ts";
import { configOf } from "./samples.ts";
import type { Suite } from "./suite.ts";

export const suites = (): Suite[] => {
  const input = configOf(1000);
  const text = JSON.stringify(input, undefined, 2);
  const config = parseConfig(input);
  const platform = memoryPlatform();
  return [
    {
      title: "config and plan",
      benches: {
        "check config object, 1,000 routes": () => do_not_optimize(parseConfig(input)),
        [CONFIG_LOAD]: () => do_not_optimize(parseConfig(parse(text))),
        [GATEWAY_BUILD]: () => do_not_optimize(buildGateway(config, platform)),
      },
    },
  ];
};
