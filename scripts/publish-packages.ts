// Publishes every package whose version is not in the registry yet, with provenance, from a clean checkout that has been built and
// tested. Run by .github/workflows/release.yml only; `--dry-run` shows what would be published.
import { runCommand } from "./run-command.ts";
import { publishable, root } from "./workspaces.ts";

const isDryRun = process.argv.includes("--dry-run");
// Core comes first: all other packages need it, and none needs another one.
const ordered = publishable.toSorted((a, b) => ranked(a.manifest.name) - ranked(b.manifest.name));

for (const { folder, manifest } of ordered) {
  const spec = `${manifest.name}@${manifest.version}`;
  if (!isDryRun && (await isPublished(spec))) {
    console.log(`${spec} is already published`);
    continue;
  }
  const mode = isDryRun ? ["--dry-run"] : ["--provenance"];
  await runCommand("npm", ["publish", "--access", "public", ...mode, "-w", folder], root);
  console.log(`${spec} ${isDryRun ? "would be published" : "published"}`);
}

function ranked(name: string): number {
  return name === "@anytopic/core" ? 0 : 1;
}

async function isPublished(spec: string): Promise<boolean> {
  try {
    return (await runCommand("npm", ["view", spec, "version"], root)).trim() !== "";
  } catch (error) {
    if (error instanceof Error && error.message.includes("E404")) return false;
    throw error;
  }
}
