// Checks what users would get: every publishable package is packed as for a release; publint and arethetypeswrong
// judge the tarball; then it is installed into an empty folder and each of its entry points is imported, resolved and
// type-checked. Then the first page of the documentation is typed into an empty folder, the search for adapters is tested in
// bundles and in folders of strict package managers, and the licences of all dependencies are checked.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkBundles, checkLayout } from "./check-adapter-search.ts";
import { checkDependencies } from "./check-dependencies.ts";
import { checkGettingStarted } from "./check-getting-started.ts";
import { checkInstall } from "./check-install.ts";
import { runCommand } from "./run-command.ts";
import { publishable, root } from "./workspaces.ts";

const folder = await mkdtemp(join(tmpdir(), "anytopic-packages-"));
const failures: string[] = [];

const attempt = async (what: string, check: () => Promise<unknown>): Promise<void> => {
  try {
    await check();
    console.log(`ok      ${what}`);
  } catch (error) {
    failures.push(what);
    console.log(`FAILED  ${what}\n${error instanceof Error ? error.message : String(error)}`);
  }
};

try {
  const tarballs = new Map<string, string>();
  for (const workspace of publishable) {
    const packed = await runCommand(
      "npm",
      ["pack", "--json", "--pack-destination", folder, "-w", workspace.folder],
      root,
    );
    const [file] = /[\w.-]+\.tgz/.exec(packed) ?? [];
    if (file === undefined) throw new Error(`npm pack printed no file name:\n${packed}`);
    tarballs.set(workspace.manifest.name, join(folder, file));
  }
  for (const workspace of publishable) {
    const { name } = workspace.manifest;
    const tarball = tarballs.get(name) ?? "";
    await attempt(`${name}: publint`, () => runCommand("publint", ["run", tarball, "--strict"], root));
    await attempt(`${name}: attw`, () => runCommand("attw", [tarball, "--profile", "esm-only"], root));
    await attempt(`${name}: install`, () =>
      checkInstall(workspace, tarballs, join(folder, `install-${name.replace("/", "-")}`)),
    );
  }
  await attempt("getting started", async () => {
    console.log(`        typed in ${await checkGettingStarted(tarballs, join(folder, "getting-started"))}`);
  });
  await attempt("dependencies and their licences", checkDependencies);
  await attempt("adapters and bundlers", () => checkBundles(tarballs, folder));
  for (const layout of ["pnpm", "yarn"]) {
    await attempt(`adapters and ${layout}`, () => checkLayout(layout, tarballs, folder));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

if (failures.length > 0) process.exitCode = 1;
console.log(failures.length === 0 ? `${publishable.length} packages checked` : `failed: ${failures.join(", ")}`);
