import { afterAll, expect, test } from "vitest";
import { startBrokerOrSkip } from "../src/index.ts";
import { rabbitmqAdmin } from "../src/rabbitmq-admin.ts";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(() => broker?.close());

test.skipIf(broker?.admin === undefined)(
  "a command given while the node starts waits until the node runs",
  { timeout: 90_000 },
  async () => {
    const admin = broker!.admin!;
    await admin(["stop_app"]);
    const vhosts = admin(["list_vhosts"]);
    // Takes as long as the first look at the node, which is then over before the node runs again.
    const started = admin(["eval", "ok."]).then(() => admin(["start_app"]));
    expect(await Promise.all([vhosts, started])).toEqual([expect.stringContaining("/"), expect.any(String)]);
  },
);

const refusal = new Error(
  "Command failed: rabbitmqctl --quiet list_vhosts\nError:\nthis command requires the 'rabbit' app to be running on the target node.",
);

/** A command that fails with each of `errors` in turn, and then prints its arguments. */
function failing(...errors: readonly Error[]): (args: readonly string[]) => Promise<string> {
  let calls = 0;
  return async (args) => {
    const error = errors[calls++];
    if (error !== undefined) throw error;
    return args.join(" ");
  };
}

test("a refusal of a node that does not run yet is no answer", async () => {
  expect(await rabbitmqAdmin(failing(refusal, refusal))(["list_vhosts"])).toBe("list_vhosts");
});

test("a node that never runs is reported as rabbitmqctl reports it", async () => {
  const never = failing(...Array.from({ length: 100 }, () => refusal));
  await expect(rabbitmqAdmin(never, 250)(["list_vhosts"])).rejects.toBe(refusal);
});

test("any other failure is reported at once", async () => {
  const other = new Error("unable to perform an operation on node");
  await expect(rabbitmqAdmin(failing(other))(["list_vhosts"])).rejects.toBe(other);
});
