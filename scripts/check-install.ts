import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import { publishable, root, type Workspace } from "./workspaces.ts";

const compilerOptions = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: ["node"],
  typeRoots: [join(root, "node_modules/@types")],
};

/**
 * Installs a packed package with npm into `folder`, which must not exist, and uses each of its entry points from
 * there. Works without a network: our packages come from `tarballs` (by name), third-party ones are linked from this
 * checkout, and only those that the package declares, so that a missing declaration is found.
 */
export async function checkInstall(
  { manifest }: Workspace,
  tarballs: ReadonlyMap<string, string>,
  folder: string,
): Promise<void> {
  const own = { ...manifest.dependencies, ...manifest.peerDependencies };
  // What our other packages declare is linked too: npm cannot fetch it without a network.
  const ours = publishable.filter((workspace) => workspace.manifest.name in own);
  const declared = Object.assign({}, ...ours.map((workspace) => workspace.manifest.dependencies), own) as typeof own;
  const source = (name: string): string => `file:${tarballs.get(name) ?? join(root, "node_modules", name)}`;
  const dependencies = Object.fromEntries(
    [manifest.name, ...Object.keys(declared)].map((name) => [name, source(name)]),
  );
  const entries = Object.keys(manifest.exports ?? {})
    .filter((entry) => entry !== "./package.json")
    .map((entry) => join(manifest.name, entry));

  await mkdir(folder);
  const write = (name: string, content: string): Promise<void> => writeFile(join(folder, name), content);
  await write("package.json", JSON.stringify({ private: true, type: "module", dependencies }));
  await write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["import.ts"] }));
  const modules = entries.filter((entry) => !entry.endsWith(".json"));
  await write("import.ts", modules.map((entry, index) => `export * as entry${index} from "${entry}";\n`).join(""));
  await write(
    "import.js",
    `import { createRequire } from "node:module";
for (const entry of ${JSON.stringify(entries)}) {
  await import(entry, entry.endsWith(".json") ? { with: { type: "json" } } : {});
  createRequire(import.meta.url).resolve(entry);
}
`,
  );

  await runCommand("npm", ["install", "--offline", "--ignore-scripts", "--no-package-lock"], folder);
  await runCommand(process.execPath, ["import.js"], folder);
  await checkTypes(folder);
}

/** Some SDKs' own declarations do not compile under strict options; an error in ours, or in the import of them, is a failure. */
async function checkTypes(folder: string): Promise<void> {
  const output = await runCommand(join(root, "node_modules/.bin/tsc"), ["--pretty", "false"], folder).catch(String);
  const errors = output.split("\n").filter((line) => / error TS\d+/.test(line));
  const ours = errors.filter((line) => !line.startsWith("../"));
  if (ours.length > 0 || (output !== "" && errors.length === 0)) throw new Error(output);
}
