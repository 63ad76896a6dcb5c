import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../scripts/workspaces.ts";

test.each([
  { args: ["--mutant", "00000000"], says: "--mutant is 00000000: the sources as they are now have none of that id" },
  { args: ["--package", "kafka"], says: "--package is kafka: must be core, memory, nats, rabbitmq, redis, aws, gcp" },
  { args: ["--count", "many"], says: "--count is many: must be a whole number" },
])("npm run mutation -- $args.0 $args.1 is refused in one line", ({ args, says }) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/mutation/main.ts"), ...args], {
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: `error: ${says}\n` });
});
