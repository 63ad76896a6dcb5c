import { connect, type Logger } from "@anytopic/core";
import { inspect } from "node:util";
import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import { check, rejects, within } from "../../expect.ts";
import { monotonicMs } from "../../wait.ts";

export const secrets: Behaviour = behaviour({
  id: "life.secrets",
  rows: [15, 49],
  statements: ["C24", "C28"],
  title:
    "a broker that cannot be reached is UNAVAILABLE within 15 s, and no error, cause, stack or log shows the credentials",
  tier: "smoke",
  needs: ["unreachable"],
  requires: outsideThisProcess,
  async run(context) {
    const { unreachable } = context.harness;
    check(unreachable !== undefined, "harness.unreachable");
    const said: string[] = [];
    const listen = (fields: object, message: string): unknown => said.push(message, inspect(fields, { depth: 8 }));
    const logger: Logger = { debug: listen, info: listen, warn: listen, error: listen };

    const startMs = monotonicMs();
    const error = await rejects(
      connect(unreachable.adapter(), { logger, signal: context.signal }),
      ["UNAVAILABLE", "UNAUTHENTICATED"],
      "connecting to nobody",
    );
    within(monotonicMs() - startMs, { max: 15_000 }, "the ms until the rejection");

    // `inspect` shows messages, stacks and causes, and every property of a client's own error.
    check(
      !inspect(error, { depth: 12, showHidden: true }).includes(unreachable.secret),
      "the error and its causes not to contain the secret",
    );
    check(
      !JSON.stringify([error, error.message, error.stack, String(error.cause)]).includes(unreachable.secret),
      "the error as JSON not to contain the secret",
    );
    for (const text of said) check(!text.includes(unreachable.secret), "the log not to contain the secret");
    check(
      !inspect(unreachable.adapter(), { depth: 8 }).includes(unreachable.secret),
      "an inspected adapter not to contain the secret",
    );
  },
});
