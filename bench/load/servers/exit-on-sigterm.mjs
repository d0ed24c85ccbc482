// Loaded before a contender that is profiled: a profile is written when the process exits, not when a signal ends it.
import process from "node:process";

process.once("SIGTERM", () => process.exit(0));
