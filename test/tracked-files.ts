import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/workspaces.ts";

const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });

/** Every file of the repository that git tracks or would track, relative to the root. */
export const trackedFiles: readonly string[] = listing
  .toString("utf8")
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));

export const readTracked = (path: string): string => readFileSync(join(root, path), "utf8");
