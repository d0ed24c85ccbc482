/** The process, and the telemetry that it sends. */
import { ERROR, type Group, counter, gauge, state, histogram } from "./define-instrument.ts";

const DELAY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Measured where the runtime offers the values. */
export const PROCESS_INSTRUMENTS: Group<
  "cpu" | "memory" | "uptime" | "heap" | "threads" | "threadsLost" | "loopDelay" | "collections"
> = {
  cpu: counter("process.cpu.time", "s", ["cpu.mode"], "CPU time of the process, by user and system."),
  memory: state("process.memory.usage", "By", [], "Resident memory."),
  uptime: gauge("process.uptime", "s", [], "Time since the process began."),
  heap: state(
    "fairlead.process.heap",
    "By",
    ["fairlead.heap.state"],
    "The JavaScript heap: used, and reserved.",
  ),
  threads: state(
    "fairlead.process.threads",
    "{thread}",
    [],
    "Threads that answer requests; without `threads`, the one that does everything is not counted.",
  ),
  threadsLost: counter(
    "fairlead.process.threads.lost",
    "{thread}",
    [ERROR],
    "Threads that were lost: `error`, `exit`, `out-of-memory` or `unresponsive`.",
  ),
  loopDelay: histogram(DELAY_BOUNDS)(
    "fairlead.event_loop.delay",
    "s",
    [],
    "How late a timer fires that is set twice a second.",
  ),
  collections: histogram(DELAY_BOUNDS)(
    "v8js.gc.duration",
    "s",
    ["v8js.gc.type"],
    "Pauses for garbage collection; Node only.",
  ),
};

/** The push of telemetry itself. */
export const EXPORT_INSTRUMENTS: Group<"exports" | "lost" | "queued" | "unshown"> = {
  exports: counter(
    "fairlead.telemetry.exports",
    "{request}",
    ["fairlead.signal", "fairlead.result"],
    "Requests to the collector: accepted, refused, or failed and tried again.",
  ),
  lost: counter(
    "fairlead.telemetry.lost",
    "{item}",
    ["fairlead.signal"],
    "Data points, spans and log records that no collector got.",
  ),
  queued: state(
    "fairlead.telemetry.queued",
    "By",
    ["fairlead.signal"],
    "What waits to be sent to the collector.",
  ),
  unshown: counter(
    "fairlead.telemetry.unshown",
    "{value}",
    [],
    "Values that no metric has: the memory that threads share was full when their instrument was first used.",
  ),
};
