/** `fairlead upgrade`: a running proxy is replaced by a new process. */
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { Answer, Host } from "./host.ts";
import { READY_TIMEOUT_MS } from "./succession.ts";
import { type AddressOptions, adminAddress } from "./top/admin-address.ts";

export interface UpgradeOptions extends AddressOptions {
  /** Seconds. */
  readonly timeout?: number;
}

/** When the time of a new process is over, the running one ends it before it answers. */
const MARGIN_MS = 10_000;

export const upgrade = async (host: Host, options: UpgradeOptions): Promise<number> => {
  const { timeout: seconds = READY_TIMEOUT_MS / 1_000 } = options;
  const { url, label, socketPath, token } = await adminAddress(host, options);
  let answer: Answer;
  try {
    answer = await host.ask({
      url: `${url}/api/upgrade`,
      socketPath,
      headers: { accept: "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      content: { seconds },
      timeoutMs: seconds * 1_000 + MARGIN_MS,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(
      EXIT.failed,
      `${label}: ${reason}`,
      "is the proxy running, and is this its admin listener (admin.port)?",
    );
  }
  const { message, detail } = textsIn(answer.body);
  if (answer.status === 200) {
    host.stdout.write(`${message}\n`);
    return EXIT.ok;
  }
  if (answer.status === 502 || answer.status === 409) {
    throw new CliError(EXIT.failed, detail, "the old process goes on as before");
  }
  throw new CliError(EXIT.failed, `${label}: ${detail || "it can't be upgraded"} (${answer.status})`);
};

/** What the admin API says; "" for what it does not. */
const textsIn = (body: string): { readonly message: string; readonly detail: string } => {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    // Something else answered.
  }
  const { message, detail } = (content ?? {}) as { readonly message?: unknown; readonly detail?: unknown };
  return { message: textOf(message), detail: textOf(detail) };
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
