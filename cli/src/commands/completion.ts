import type { Command } from "../command.ts";
import { completionScript, SHELLS } from "../completion-script.ts";
import { EXIT } from "../exit-codes.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic completion` */
export const completion: Command = {
  name: "completion",
  operands: "<bash|zsh|fish>",
  operandCount: [1, 1],
  summary: "print a script that completes commands and options in a shell",
  example: "source <(anytopic completion bash)",
  options: {},
  offline: true,
  async run({ given, output, commands }) {
    const [shell = ""] = given.positionals;
    const script = completionScript(shell, commands);
    if (script === undefined) {
      throw new UsageError(`there is no completion for ${JSON.stringify(shell)}`, `shells are ${SHELLS.join(", ")}`);
    }
    output.text(script);
    return EXIT.ok;
  },
};
