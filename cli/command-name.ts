/** What stands for `fairlead` where the reader is: a script of the package in a clone, npx elsewhere. */
import type { Host } from "./host.ts";

/** As in `npx fairlead`, for advice that people copy. */
export const commandName = ({ env }: Pick<Host, "env">): string => {
  const script = env["npm_lifecycle_event"] ?? "";
  if (script === "start") return "npm start --";
  if (script === "npx") return "npx fairlead";
  return script.startsWith("start:") ? `npm run ${script} --` : "fairlead";
};
