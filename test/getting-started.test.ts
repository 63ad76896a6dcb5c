// What types docs/getting-started.md is itself typed here, with small pages. The whole page needs packed packages: `npm run test:packages`.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokerImages } from "@anytopic/brokers";
import { describe, expect, onTestFinished, test } from "vitest";
import { pageSteps } from "../scripts/page-steps.ts";
import { typePage } from "../scripts/type-page.ts";
import { readTracked } from "./tracked-files.ts";

const fence = (info: string, ...lines: readonly string[]): string => ["```" + info, ...lines, "```", ""].join("\n");

const GREETING = fence("ts greet.ts", 'const word: string = "hello";', "console.log(word, process.env.NAME);");
const RUN = fence("sh", "export NAME=Ada", "node greet.ts");
const PRINTED = fence("text", "hello Ada");

async function typed(page: string, timeoutMs?: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-page-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await typePage(pageSteps(page), { folder, commandFor: (command) => command, timeoutMs });
}

describe("typing a page", () => {
  test("files are written and changed, commands run, and what they print is compared", async () => {
    const change = fence("diff greet.ts", '-const word: string = "hello";', '+const word: string = "good morning";');
    const page = [GREETING, RUN, PRINTED, change, RUN, fence("text", "good morning Ada")].join("\n");
    await expect(typed(page)).resolves.toBeUndefined();
  });

  test.each([
    [
      "a file that does not run",
      [GREETING.replace("hello", 'he"llo'), RUN, PRINTED],
      /^line 5: node greet\.ts: exit code 1/,
    ],
    ["another output", [GREETING, RUN, PRINTED.replace("Ada", "Bob")], /^line 5: .* printed:\nhello Ada\n/],
    ["half of a line", [GREETING, RUN, PRINTED.replace("hello ", "")], /^line 5: .* printed:\nhello Ada\n/],
    ["a command that fails", [fence("sh", "exit 3")], /^line 1: exit 3: exit code 3/],
    [
      "a change of nothing",
      [GREETING, fence("diff greet.ts", "-absent", "+present")],
      /^line 5: greet\.ts does not have/,
    ],
  ])("%s is found", async (_what, page, message) => {
    await expect(typed(page.join(""))).rejects.toThrow(message);
  });

  test("a program that does not end is found, and ended", async () => {
    await expect(typed(fence("sh", "sleep 60"), 200)).rejects.toThrow("did not end within 200 ms");
  });

  test("a program that ends with Ctrl-C is stopped when it has printed what the page says", async () => {
    const forever = fence("ts forever.ts", 'console.log("ready");', "setInterval(() => {}, 1000);");
    const page = [forever, fence("sh", "node forever.ts # end it with Ctrl-C"), fence("text", "ready")].join("");
    await expect(typed(page)).resolves.toBeUndefined();
  });

  test("an output needs a command, and a change needs what it changes", () => {
    expect(() => pageSteps(PRINTED)).toThrow("line 1: an output of no command");
    expect(() => pageSteps(fence("diff greet.ts", "+more"))).toThrow("line 1: a change without a line");
  });
});

describe("docs/getting-started.md", () => {
  const page = readTracked("docs/getting-started.md");

  test("everything is typed: each file is run or imported, and each program's output is compared", () => {
    const steps = pageSteps(page);
    const files = steps.flatMap((step) => (step.kind === "write" ? [step.file] : []));
    const commands = steps.flatMap((step) => (step.kind === "run" ? [step] : []));
    expect(files).toEqual(expect.arrayContaining(["topics.ts", "main.ts", "worker.ts", "send-welcome-email.test.ts"]));
    const silent = commands.filter(({ printed }) => printed === undefined).flatMap((step) => step.commands);
    expect(silent.filter((command) => !/^(npm |docker run |npx tsc$)/.test(command))).toEqual([]);
  });

  test("the container is the one that our tests use", () => {
    expect(page).toContain(`docker run --rm -p 4222:4222 ${brokerImages().nats["nats-server"]} -js`);
  });
});
