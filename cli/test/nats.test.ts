import { startBroker } from "@anytopic/brokers";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { onNats } from "./on-nats.ts";
import { anytopic, runHere, temporaryFolder, TOPICS } from "./program.ts";

const nats = onNats();

describe("topology", () => {
  test("plan of nothing: everything is missing, exit code 1", async () => {
    const { upToDate, declarations, changes } = await nats.json(["plan"], 1);
    expect(upToDate).toBe(false);
    expect(declarations).toContainEqual({ declaration: "signups/send-mail", kind: "subscription", state: "missing" });
    expect(declarations).toHaveLength(6);
    expect(changes).toContainEqual({ connection: "default", action: "create", resource: "stream signups", detail: "" });
  });

  test("apply creates, a second apply has nothing to do, and plan agrees", async () => {
    const { done, left } = await nats.json(["apply"]);
    expect(done).toContainEqual(expect.objectContaining({ action: "create", resource: "stream signups" }));
    expect(left).toEqual([]);
    expect((await nats.cli(["apply"])).stdout).toBe("Nothing to do: everything exists as declared.\n");
    expect(await nats.json(["plan"])).toMatchObject({ upToDate: true, changes: [] });
  });

  test("what differs is changed only with --update", async () => {
    const cwd = await temporaryFolder();
    const subscriptions = { bill: { ackDeadlineMs: 45_000 } };
    const connections = { main: { url: nats.broker.url } };
    const config = { connections, declarations: [TOPICS], topics: { orders: { subscriptions } } };
    const file = ["--config", join(cwd, "anytopic.config.json")];
    await writeFile(file[1] ?? "", JSON.stringify(config));
    const planned = await runHere(["plan", ...file]);
    expect(planned).toMatchObject({ code: 1, stdout: expect.stringMatching(/orders\/bill +differs/) });
    expect(planned.stdout).toContain("ack_wait is 1 min, declared 45 s");
    const applied = await runHere(["apply", ...file]);
    expect(applied).toMatchObject({ code: 1, stderr: expect.stringContaining("apply --update") });
    const updated = await runHere(["apply", "--update", "orders", ...file]);
    expect(updated).toMatchObject({ code: 0, stdout: expect.stringContaining("changed: consumer orders/bill") });
    expect(await runHere(["plan", ...file])).toMatchObject({ code: 0 });
    expect(await nats.cli(["apply", "--update"])).toMatchObject({ code: 0 });
  });

  test("destroy deletes what is named and leaves the rest", async () => {
    expect(await nats.cli(["destroy", "notes", "--yes"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("stream notes"),
    });
    expect(await nats.json(["plan", "signups", "orders"])).toMatchObject({ upToDate: true });
    expect(await nats.json(["plan", "notes"], 1)).toMatchObject({ upToDate: false });
    expect(await nats.cli(["apply"])).toMatchObject({ code: 0 });
  });
});

describe("doctor", () => {
  test("says what is used, installed and answering", async () => {
    const { code, stdout } = await nats.cli(["doctor"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--url +used/);
    expect(stdout).toMatch(/@anytopic\/nats +\d+\.\d+\.\d+/);
    expect(stdout).toContain(`nats-server ${nats.broker.version}`);
    expect(stdout).toMatch(/ordering +per-key/);
    expect(stdout).toMatch(/maxLeaseMs +no limit/);
    expect(stdout).toContain("3 topics, 3 subscriptions");
  });

  test("says what is wrong with the configuration, and not to run itself", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "anytopic.config.json"), JSON.stringify({ conections: {} }));
    const { code, stdout } = await anytopic(["doctor"], { cwd });
    expect(code).toBe(2);
    expect(stdout).toContain('conections is not known here: did you mean "connections"?');
    expect(stdout).not.toContain("hint: `anytopic doctor`");
  });

  test("names the connection that does not answer, without its password", async () => {
    const cwd = await temporaryFolder();
    const connections = { main: { url: nats.broker.url }, other: { url: "nats://me:${SECRET}@127.0.0.1:1" } };
    const config = { default: "main", connections, topics: { orders: { connection: "other" }, ordres: {} } };
    await writeFile(join(cwd, "anytopic.config.json"), JSON.stringify(config));
    const options = { cwd, environment: { SECRET: "s3cr3t-pass" } };
    const { code, stdout, stderr } = await anytopic(["doctor", "--declarations", TOPICS], options);
    expect(code).toBe(3);
    expect(stdout).toMatch(/Connection other: nats:\/\/\*\*\*@127\.0\.0\.1:1\n {2}not reachable \(UNAVAILABLE\)/);
    expect(stdout).toMatch(/Connection main \(default\)[^\n]*\n {2}reachable/);
    expect(stdout).toContain("warning: topics.ordres is configured, and nothing of that name is declared");
    expect(stdout + stderr).not.toContain("s3cr3t-pass");
  });
});

test("wrong credentials are refused with exit code 3 and never shown", async () => {
  const guarded = await startBroker("nats", { config: 'authorization { user: "me", password: "right" }' });
  try {
    const url = guarded.url.replace("nats://", "nats://me:wr0ng-pass@");
    const { code, stderr } = await anytopic(["plan", "--url", url, "--declarations", TOPICS]);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining("hint: check user, password") });
    expect(stderr).not.toContain("wr0ng-pass");
  } finally {
    await guarded.close();
  }
});
