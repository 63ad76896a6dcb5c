import type { Given } from "./given.ts";
import type { Output } from "./output.ts";
import type { Settings } from "./settings.ts";

/** A flag of the command line. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  readonly short?: string;
  /** The placeholder of the value in the help, `1h`. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly description: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Everything that a command needs. */
export interface CommandContext {
  readonly given: Given;
  readonly output: Output;
  /** Reads the configuration; once. */
  readonly settings: () => Promise<Settings>;
  /** Every command, for help and completion. */
  readonly commands: readonly Command[];
  /** Aborts at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Command {
  /** `dlq redrive` */
  readonly name: string;
  /** The operands after the name: `<topic> [event]`. */
  readonly operands: string;
  readonly operandCount: readonly [min: number, max: number];
  readonly summary: string;
  /** A longer text than the summary, for `--help`. */
  readonly details?: string;
  readonly example: string;
  readonly options: OptionSpecs;
  /** Contacts no broker, so no broker has to be configured. @default false */
  readonly offline?: boolean;
  /** Resolves with the exit code. */
  run(context: CommandContext): Promise<number>;
}
