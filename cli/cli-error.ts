/** A failure that the user can do something about: shown as it is, without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  /** What to do about it. */
  readonly advice: string | undefined;

  constructor(exitCode: number, message: string, advice?: string) {
    super(message);
    this.exitCode = exitCode;
    this.advice = advice;
  }
}
