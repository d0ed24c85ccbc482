/** Whether the page is live, and what stands in the way. */
import { byId, element, setState, setText } from "./dom.js";
import { plural, span, timeOfDay } from "./format.js";

/** @import { ConnectionState } from "./stream.js" */
/** @import { Store } from "./store.js" */

/** @type {Readonly<Record<ConnectionState["kind"], readonly [import("./dom.js").Shape, string]>>} */
const WORDS = {
  connecting: ["unknown", "Connecting"],
  live: ["ok", "Live"],
  paused: ["off", "Paused"],
  unauthorized: ["warn", "Needs a token"],
  lost: ["bad", "Disconnected"],
};

export const createConnection = () => {
  const at = byId("connection");
  const banners = byId("banners");
  /** @type {Map<string, HTMLElement>} */
  const shown = new Map();
  /** @param {string} id @param {string | undefined} text undefined takes it away @param {string} kind */
  const banner = (id, text, kind = "bad") => {
    const known = shown.get(id);
    if (text === undefined) {
      known?.remove();
      shown.delete(id);
      return;
    }
    const made =
      known ?? element("p", { class: `banner ${kind}`, role: kind === "bad" ? "alert" : "status" });
    setText(made, text);
    if (known !== undefined) return;
    shown.set(id, made);
    banners.append(made);
  };
  return {
    /** @param {ConnectionState} state @param {Store} store */
    show: (state, store) => {
      const [shape, word] = WORDS[state.kind];
      setState(at, shape, word);
      document.body.classList.toggle("stale", state.kind === "lost" || state.kind === "unauthorized");
      const seen = store.samples.at(-1)?.time;
      const since = seen === undefined ? "" : ` What is shown is from ${timeOfDay(seen)}.`;
      banner("lost", state.kind === "lost" ? `Disconnected: ${state.why}. Trying again.${since}` : undefined);
    },
    /** What the proxy says of itself. @param {Store} store */
    update: ({ overview }) => {
      if (overview === undefined) return;
      const { version, runtime, startedAt, time, config, threads } = overview;
      const parts = [
        `Fairlead ${version} on ${runtime}`,
        ...(threads.length > 1 ? [plural(threads.length, "thread")] : []),
        `up ${span((time - startedAt) / 1_000)}`,
        `config generation ${config.generation}`,
      ];
      setText(byId("instance"), parts.join(" · "));
      banner(
        "config",
        config.lastError &&
          `A config was refused at ${timeOfDay(config.lastError.at)}, and generation ${config.generation} is still in effect: ${config.lastError.message}`,
      );
      banner(
        "draining",
        overview.draining ? "This process is draining: it finishes what is in flight and stops." : undefined,
      );
      banner(
        "measured",
        overview.isMeasured
          ? undefined
          : "Metrics are switched off (telemetry.metrics is false): there is no traffic to show.",
        "note",
      );
      banner(
        "empty",
        overview.isMeasured && overview.traffic.requests === 0 ? emptyText(overview) : undefined,
        "note",
      );
    },
  };
};

/** @param {import("../wire.ts").Overview} overview */
const emptyText = ({ listeners }) => {
  const main = listeners.find(({ role }) => role === "traffic");
  if (main === undefined) return "No requests yet.";
  const address = main.address.replace(/^(\[::\]|::|0\.0\.0\.0)(?=:\d+$)/, "localhost");
  return main.address.startsWith("/")
    ? `No requests yet. Send one: curl -i --unix-socket ${address} http://localhost/`
    : `No requests yet. Send one: curl -i ${main.scheme}://${address}/`;
};
