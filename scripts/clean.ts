// Removes what the build and the tests leave: every dist/ and every cached build state.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root, workspaces } from "./workspaces.ts";

const folders = ["test", ...workspaces.flatMap(({ folder }) => [folder, `${folder}/test`])];
for (const folder of folders) {
  for (const leftover of ["dist", ".tsbuildinfo"])
    rmSync(join(root, folder, leftover), { recursive: true, force: true });
}
