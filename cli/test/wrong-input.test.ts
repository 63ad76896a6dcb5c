import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { anytopic, runHere, type ProgramOptions, temporaryFolder, TOPICS } from "./program.ts";

const DECLARED = ["--declarations", TOPICS];

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  /** What the sentence has to say. */
  readonly says: string | RegExp;
  readonly options?: ProgramOptions;
}

/** One sentence, perhaps a hint, never a stack trace, nothing on stdout. */
async function expectRefusal({ args, code, says, options }: Omit<Case, "name">): Promise<void> {
  const { stdout, stderr, code: found } = await (options === undefined ? runHere(args) : anytopic(args, options));
  expect({ found, stderr }).toEqual({ found: code, stderr: expect.stringMatching(says) });
  expect(stderr).toMatch(/^anytopic: [^\n]+\n(?:hint: [^\n]+\n)?$/);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe("");
}

describe("wrong usage", () => {
  test.for<Case>([
    {
      name: "an unknown command",
      args: ["pubish"],
      code: 2,
      says: /no command "pubish"\nhint: did you mean publish\? commands are /,
    },
    {
      name: "an unknown command of a group",
      args: ["dlq", "pek"],
      code: 2,
      says: /no command "dlq pek"\nhint: did you mean dlq peek\? commands are dlq list/,
    },
    { name: "a flag before the command", args: ["--url", "memory:", "plan"], code: 2, says: "command comes first" },
    { name: "an unknown option", args: ["plan", "--bogus"], code: 2, says: "--bogus" },
    { name: "a misspelt option", args: ["dlq", "list", "--reasn", "x"], code: 2, says: "did you mean --reason?" },
    { name: "a name of every object", args: ["constructor"], code: 2, says: 'no command "constructor"' },
    { name: "an option without its value", args: ["plan", "--url"], code: 2, says: "--url" },
    { name: "a missing operand", args: ["dlq", "peek"], code: 2, says: "<topic/subscription> is missing" },
    { name: "an operand too many", args: ["topics", "x"], code: 2, says: '"x" is one argument too many' },
    {
      name: "two times of expiry",
      args: ["publish", "signups", "{}", "--expires-in", "5m", "--expires-at", "2026-12-01T08:00:00Z", ...DECLARED],
      code: 2,
      says: "--expires-in and --expires-at are both given: must be one of them",
    },
    {
      name: "a time of expiry without a zone",
      args: ["publish", "signups", "{}", "--expires-at", "2026-12-01T08:00:00", ...DECLARED],
      code: 2,
      says: '--expires-at is "2026-12-01T08:00:00": must be a time with its zone',
    },
    {
      name: "a time of expiry that does not exist",
      args: ["publish", "signups", "{}", "--expires-at", "2026-13-01T08:00:00Z", ...DECLARED],
      code: 2,
      says: "must be a time with its zone",
    },
    { name: "an unknown shell", args: ["completion", "tcsh"], code: 2, says: '"tcsh"' },
    {
      name: "an unknown reason",
      args: ["dlq", "list", "signups/send-mail", "--reason", "bad", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "must be one of rejected",
    },
    {
      name: "an age without unit",
      args: ["dlq", "list", "signups/send-mail", "--older-than", "10", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "number with a unit",
    },
    {
      name: "a limit that is no number",
      args: ["dlq", "list", "signups/send-mail", "--limit", "many", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "whole number from 1 to 1000",
    },
    {
      name: "an attribute that is no pair",
      args: ["publish", "signups", "{}", "--attribute", "tenant", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "must be key=value",
    },
    {
      name: "a topic that is not declared",
      args: ["publish", "signup", "{}", "--url", "memory:", ...DECLARED],
      code: 2,
      says: /no topic "signup" is declared\nhint: did you mean signups\? declared are notes, orders, signups/,
    },
    {
      name: "a subscription named without its topic",
      args: ["dlq", "peek", "send-mail", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "it is named topic/subscription",
    },
    {
      name: "an event that is not JSON",
      args: ["publish", "signups", '{\n  "accountId": oops\n}', "--url", "memory:", ...DECLARED],
      code: 2,
      says: "line 2, column 16",
    },
    {
      name: "an event that ends too early",
      args: ["publish", "signups", '{"accountId":', "--url", "memory:", ...DECLARED],
      code: 2,
      says: "line 1, column 14: expected a value, but it ends here",
    },
    {
      name: "an empty stdin",
      args: ["publish", "signups", "-", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "the event is empty",
      options: { input: "" },
    },
    {
      name: "destroy without a terminal and without --yes",
      args: ["destroy", "--url", "memory:", ...DECLARED],
      code: 2,
      says: /no terminal to ask on\nhint: give --yes/,
    },
    {
      name: "purge without a terminal and without --yes",
      args: ["dlq", "purge", "signups/send-mail", "--url", "memory:", ...DECLARED],
      code: 2,
      says: "no terminal to ask on",
    },
    {
      name: "Terraform for a broker that has none",
      args: ["export", "terraform", "--provider", "nats", "--url", "nats://x", ...DECLARED],
      code: 2,
      says: "no Terraform export for nats",
    },
  ])("$name", async ({ args, code, says, options }) => {
    await expectRefusal({ args, code, says, ...(options && { options }) });
  });
});

describe("wrong configuration", () => {
  test("no broker at all", async () => {
    const options = { cwd: await temporaryFolder() };
    await expectRefusal({ args: ["plan", ...DECLARED], code: 2, says: "no broker is configured", options });
  });

  test("nothing says where the topics are", async () => {
    await expectRefusal({ args: ["plan", "--url", "memory:"], code: 2, says: /declared\nhint: --declarations/ });
  });

  test.for<Case>([
    {
      name: "a configuration file that is not there",
      args: ["plan", "--config", "none.json"],
      code: 2,
      says: "none.json: there is no such file",
    },
    {
      name: "declarations that are not there",
      args: ["plan", "--url", "memory:", "--declarations", "none.ts"],
      code: 2,
      says: "none.ts: there is no such file",
    },
    { name: "an unknown broker", args: ["plan", "--url", "kafka://x", ...DECLARED], code: 2, says: "kafka:" },
    {
      name: "an unknown option of a broker",
      args: ["plan", "--url", "nats://x?y=1", ...DECLARED],
      code: 2,
      says: "unknown option 'y'",
    },
    {
      name: "an unreachable host",
      args: ["plan", "--url", "nats://127.0.0.1:1", ...DECLARED],
      code: 3,
      says: "127.0.0.1:1",
    },
  ])("$name", async ({ args, code, says }) => {
    await expectRefusal({ args, code, says, options: { cwd: await temporaryFolder() } });
  });

  test("JSON that is broken, with line and column", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "anytopic.config.json"), '{\n  "connections": {\n    "main": { "url": nats }\n  }\n}\n');
    await expectRefusal({ args: ["plan"], code: 2, says: "anytopic.config.json:3:22", options: { cwd } });
  });

  test("an unset variable, by name", async () => {
    const cwd = await temporaryFolder();
    await writeFile(
      join(cwd, "anytopic.config.json"),
      '{"connections":{"main":{"url":"nats://${NO_SUCH_HOST_VARIABLE}"}}}',
    );
    await expectRefusal({ args: ["plan", ...DECLARED], code: 2, says: "NO_SUCH_HOST_VARIABLE", options: { cwd } });
  });

  test.for([
    ["throws when it is imported", "throw new Error('boom')", "cannot be imported: Error: boom"],
    ["exports no declaration", "export const value = 1;", "exports no topic and no subscription"],
    ["is no JavaScript", "export const =", "cannot be imported"],
  ])("a module of declarations that %s", async ([, text = "", says = ""]) => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "topics.mjs"), text);
    const args = ["topics", "--declarations", "./topics.mjs"];
    await expectRefusal({ args, code: 2, says, options: { cwd } });
  });

  test("an adapter that is not installed", async () => {
    const { entry, cwd } = await installationWithoutAdapters();
    const declarations = ["--declarations", join(cwd, "topics.ts")];
    await expectRefusal({
      args: ["plan", "--url", "nats://127.0.0.1:1", ...declarations],
      code: 2,
      says: "npm install @anytopic/nats",
      options: { cwd, entry },
    });
    await expectRefusal({
      args: ["export", "terraform", "--provider", "aws", ...declarations],
      code: 2,
      says: "@anytopic/aws is not installed",
      options: { cwd, entry },
    });
    const { code, stdout } = await anytopic(["doctor", "--url", "aws://eu-west-1", ...declarations], { cwd, entry });
    expect(stdout).toMatch(/@anytopic\/aws +not installed/);
    expect(stdout).toContain("npm install @anytopic/aws");
    expect(code).toBe(2);
  });

  test("a broker that does not speak the protocol", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await anytopic(["plan", "--url", `nats://127.0.0.1:${port}`, ...DECLARED]);
    expect(stderr).toMatch(/^anytopic: /);
    expect(code).toBe(3);
  });
});

test("--debug adds the stack trace", async () => {
  const { stderr } = await anytopic(["plan", "--bogus", "--debug"]);
  expect(stderr).toMatch(/^\s+at /m);
});

test("--json makes errors machine-readable", async () => {
  const { stderr, code } = await anytopic(["plan", "--url", "nats://127.0.0.1:1", "--json", ...DECLARED]);
  expect(code).toBe(3);
  expect(JSON.parse(stderr)).toEqual({
    error: { code: "UNAVAILABLE", message: expect.stringContaining("127.0.0.1:1"), hint: expect.any(String) },
  });
});

/** Copies of core and of this package, and nothing else beside them. */
async function installationWithoutAdapters(): Promise<{ readonly entry: string; readonly cwd: string }> {
  const cwd = await temporaryFolder();
  const repository = join(import.meta.dirname, "../..");
  for (const name of ["core", "cli"]) {
    for (const part of ["src", "package.json"]) {
      await cp(join(repository, name, part), join(cwd, name, part), { recursive: true });
    }
  }
  await mkdir(join(cwd, "node_modules/@anytopic"), { recursive: true });
  await symlink(join(cwd, "core"), join(cwd, "node_modules/@anytopic/core"));
  await cp(TOPICS, join(cwd, "topics.ts"));
  const entry = join(cwd, "cli/entry.ts");
  await writeFile(entry, 'import { main } from "./src/main.ts";\nawait main();\n');
  return { entry, cwd };
}
