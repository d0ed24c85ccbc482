/** `fairlead top`: what a running proxy does, in a terminal. */
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import type { Host } from "../host.ts";
import { styleFor } from "../style.ts";
import { type AddressOptions, adminAddress } from "./admin-address.ts";
import { askState } from "./ask-state.ts";
import { ratesBetween } from "./rates.ts";
import { summaryLines, tablesOf } from "./report.ts";
import { SORT_KEYS, type SortKey } from "./rows.ts";
import { watch } from "./watch.ts";

export interface TopOptions extends AddressOptions {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly sort?: SortKey;
  readonly reverse?: boolean;
  readonly filter?: string;
}

/** Of a table that goes to a file or another program. */
const ENDLESS = Number.MAX_SAFE_INTEGER;

/** Shows the live table; prints one where `--once` asks for it or there is no terminal. */
export const top = async (host: Host, options: TopOptions): Promise<number> => {
  const address = await adminAddress(host, options);
  const look = await askState(host, address);
  if ("failure" in look) throw new CliError(EXIT.failed, `${address.label}: ${look.failure}`, look.advice);
  if (options.json === true) {
    host.stdout.write(`${look.body.trimEnd()}\n`);
    return EXIT.ok;
  }
  const { sort = "config", reverse: isReversed = false, filter = "" } = options;
  const { snapshot } = look;
  const rates = ratesBetween(undefined, snapshot);
  const terminal = options.once === true ? undefined : host.openTerminal();
  if (terminal === undefined) {
    const { columns = ENDLESS } = host.stdout;
    const style = styleFor(host.stdout, host.env);
    const report = { rates, width: columns, style, sort, isReversed, filter };
    const lines = [...summaryLines(snapshot, report), "", ...tablesOf(snapshot, report)];
    host.stdout.write(`${lines.join("\n")}\n`);
    return EXIT.ok;
  }
  await watch(host, terminal, {
    address,
    view: {
      address: address.label,
      snapshot,
      rates,
      failure: undefined,
      sort,
      isReversed,
      filter,
      isTyping: false,
      isPaused: false,
      offset: 0,
    },
  });
  return EXIT.ok;
};

/** The sort key of that name. @throws CliError */
export const sortKey = (text: string): SortKey => {
  const known = SORT_KEYS.find((key) => key === text);
  if (known !== undefined) return known;
  throw new CliError(EXIT.usage, `--sort is ${JSON.stringify(text)}`, `it is one of ${SORT_KEYS.join(", ")}`);
};
