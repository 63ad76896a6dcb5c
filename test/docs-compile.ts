import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../scripts/run-command.ts";
import { root } from "../scripts/workspaces.ts";

const compilerOptions = {
  noUnusedLocals: false,
  noUnusedParameters: false,
  incremental: false,
  rootDir: root,
  // Nest has decorators of the older kind.
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

/** Compiles every file in `home`, which was written by `writePage`, and returns the errors as `path(line,column): error …`. */
export async function compileErrors(home: string): Promise<readonly string[]> {
  mkdirSync(home, { recursive: true });
  const include = ["./**/*.ts"];
  const settings = { extends: join(root, "tsconfig.test.json"), compilerOptions, include };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify(settings));
  const compiler = join(root, "node_modules/.bin/tsc");
  const output = await runCommand(compiler, ["-p", home, "--pretty", "false"], home).catch(String);
  const errors = output.split("\n").filter((line) => / error TS\d+/.test(line));
  if (output !== "" && errors.length === 0) throw new Error(output);
  return errors.map((line) => line.replace(/^(.*\.md)\/.*?\.ts\(/, "$1("));
}
