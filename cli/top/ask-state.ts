/** One look at a running proxy. */
import type { Snapshot } from "../../handlers/snapshot.ts";
import type { Host } from "../host.ts";
import type { AdminAddress } from "./admin-address.ts";
import { snapshotIn } from "./snapshot.ts";

/** A proxy answers at once; one that does not is as good as gone. */
const TIMEOUT_MS = 3_000;

export type Look =
  | { readonly snapshot: Snapshot; readonly body: string }
  /** One sentence fragment, and what to do about it. */
  | { readonly failure: string; readonly advice: string };

/** Never rejects. */
export const askState = async (host: Host, { url, socketPath, token }: AdminAddress): Promise<Look> => {
  try {
    const headers = { accept: "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const { status, body } = await host.ask({
      url: `${url}/api/state`,
      socketPath,
      headers,
      timeoutMs: TIMEOUT_MS,
    });
    if (status !== 200) return failed(status);
    const snapshot = snapshotIn(body);
    if (snapshot !== undefined) return { snapshot, body };
    return {
      failure: "what answered is not the state of a proxy",
      advice: "name the admin listener, not the traffic's, and use the version of fairlead that it runs",
    };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { failure, advice: "is the proxy running, and is this its admin listener (admin.port)?" };
  }
};

const failed = (status: number): Look => {
  switch (status) {
    case 401:
      return {
        failure: "the admin token is missing or wrong (401)",
        advice: "set FAIRLEAD_ADMIN_TOKEN, or give --token",
      };
    case 403:
    case 421:
      return {
        failure: `it refuses this address (${status})`,
        advice: "name it as the config does: its own address, or a host that it admits",
      };
    case 404:
      return {
        failure: "nothing is there (404)",
        advice: "this is no admin listener, or one of an older version",
      };
    default:
      return { failure: `it answered ${status}`, advice: "its log may say why" };
  }
};
