/** The command line: `fairlead start|check|explain|top|upgrade|schema|init|cert`. Runtime-neutral; `bin/*` supply the host. */
import { Command } from "commander";
import { addCheck, addExplain, addStart } from "./config-commands.ts";
import { EXIT, EXIT_CODES_HELP, type Finished } from "./exit-codes.ts";
import { failureReason, showFailure } from "./failure.ts";
import { addCert, addInit, addSchema } from "./file-commands.ts";
import type { Host } from "./host.ts";
import { addTop, addUpgrade } from "./operator-commands.ts";
import { VERSION } from "../src/version.ts";

/** Runs one command. Resolves to the exit code; never rejects. */
export const main = async (host: Host): Promise<number> => {
  let code: number = EXIT.ok;
  const program = commandLine(host, (done) => {
    code = done;
  });
  try {
    await program.parseAsync(host.args, { from: "user" });
    return code;
  } catch (thrown) {
    host.failed(failureReason(thrown));
    return showFailure(host, thrown);
  }
};

const EXAMPLES_HELP = `
Examples:
  fairlead                               a demo, or what fairlead.json here says
  fairlead http://localhost:3000         everything goes to this server
  fairlead --config site.yaml --port 80  what that config says, on another port

Without a command, the options of start count; "fairlead start --help" lists them.
`;

/**
 * In the order in which help lists them. Each one imports its module when it runs: starting must not wait for what explaining
 * needs.
 */
const COMMANDS = [addStart, addCheck, addExplain, addTop, addUpgrade, addSchema, addInit, addCert];

const commandLine = (host: Host, finished: Finished): Command => {
  const program = new Command("fairlead")
    .description("A programmable edge proxy.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      // Failures are shown in one place, below.
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText("after", `${EXAMPLES_HELP}${EXIT_CODES_HELP}`);
  for (const add of COMMANDS) add(program, host, finished);
  return program;
};
