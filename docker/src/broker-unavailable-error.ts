import type { BrokerKind } from "./broker.ts";

/** No provider could start the broker. The message says why for each provider, and which command helps. */
export class BrokerUnavailableError extends Error {
  readonly kind: BrokerKind;
  /** A shell command that would make the broker available. */
  readonly command: string;

  constructor(kind: BrokerKind, reasons: readonly string[], command: string) {
    super(
      `no ${kind} broker to test against\n` +
        reasons.map((reason) => `  - ${reason.replaceAll("\n", "\n    ")}\n`).join("") +
        `To get one: ${command}`,
    );
    this.name = "BrokerUnavailableError";
    this.kind = kind;
    this.command = command;
  }
}
