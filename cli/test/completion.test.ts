import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/commands/index.ts";
import { runHere, temporaryFolder } from "./program.ts";

const run = promisify(execFile);

/** What bash would offer after these words, the last one unfinished. */
async function completions(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await runHere(["completion", "bash"]);
  const file = join(await temporaryFolder(), "completion.bash");
  const line = ["anytopic", ...words].map((word) => `'${word}'`).join(" ");
  await writeFile(
    file,
    `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _anytopic; printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  const { stdout } = await run("bash", ["--norc", file]);
  return stdout.split("\n").filter((word) => word !== "");
}

test("bash completes commands, commands of groups, options and their values", async () => {
  expect(await completions("pu")).toEqual(["publish"]);
  expect(await completions("dlq", "p")).toEqual(["peek", "purge"]);
  expect(await completions("dlq", "redrive", "--rea")).toEqual(["--reason"]);
  expect(await completions("dlq", "redrive", "--reason", "re")).toEqual(["rejected", "retries-exhausted"]);
  expect(await completions("apply", "--up")).toEqual(["--update"]);
  expect(await completions("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
});

test.for(["zsh", "fish"])("the script for %s names every command", async (shell) => {
  const { code, stdout } = await runHere(["completion", shell]);
  expect(code).toBe(0);
  for (const { name } of COMMANDS) for (const word of name.split(" ")) expect(stdout).toContain(word);
});

test.for(COMMANDS.map(({ name }) => name))("%s --help has usage, options and an example", async (name) => {
  const { code, stdout } = await runHere([...name.split(" "), "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: anytopic ${name}`, "m"));
  expect(stdout).toMatch(/^Example:\n {2}\S/m);
  for (const option of Object.keys(COMMANDS.find((one) => one.name === name)?.options ?? {})) {
    expect(stdout).toContain(`--${option}`);
  }
});

test("--version is that of the package", async () => {
  expect((await runHere(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
