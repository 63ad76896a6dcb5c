import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import { root } from "./workspaces.ts";

const CORE = "@anytopic/core";
const MEMORY = "@anytopic/memory";
const CONNECTED = "connected to in-memory";
/** The error of a program without its adapter: a bundle must import it itself. */
const TOLD = `ADAPTER_NOT_INSTALLED URLs that begin with memory: need the package ${MEMORY}: npm install ${MEMORY}; a program that is bundled imports it itself: connect(memory(…)), or connect(url, { adapters: [adapterModule] })`;

const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** A program that names its broker by a URL only, and one that also registers the adapter. */
const PROGRAMS = { late: "", early: `import { adapterModule } from "${MEMORY}";` } as const;

function program(name: keyof typeof PROGRAMS): string {
  const options = name === "late" ? "" : ", { adapters: [adapterModule] }";
  return `import { connect } from "${CORE}";
${PROGRAMS[name]}
connect("memory:"${options}).then(
  async (pubsub) => {
    console.log("connected to", pubsub.server);
    await pubsub.close();
  },
  ({ code, message }) => console.log(code, message),
);
`;
}

async function requireOutput(file: string, cwd: string, expected: string, node = [process.execPath]): Promise<void> {
  const [command = "", ...args] = node;
  const output = await runCommand(command, [...args, file], cwd);
  if (!output.includes(expected)) throw new Error(`${file} in ${cwd} printed:\n${output}expected:\n${expected}`);
}

function manifest(tarballs: ReadonlyMap<string, string>, packages: readonly string[]): string {
  const dependencies = Object.fromEntries(packages.map((name) => [name, `file:${tarballs.get(name)}`]));
  return JSON.stringify({ name: "app", version: "1.0.0", private: true, type: "module", dependencies });
}

/** How each bundler is called, and what it makes of `late` and `early`. */
const BUNDLERS: Readonly<
  Record<string, { readonly args: (name: string) => string[]; readonly made: (name: string) => string }>
> = {
  "esbuild, ES modules": {
    args: (name) => [
      bin("esbuild"),
      `${name}.js`,
      "--bundle",
      "--platform=node",
      "--format=esm",
      `--outfile=out/esm/${name}.mjs`,
    ],
    made: (name) => `esm/${name}.mjs`,
  },
  "esbuild, CommonJS": {
    args: (name) => [bin("esbuild"), `${name}.js`, "--bundle", "--platform=node", `--outfile=out/cjs/${name}.cjs`],
    made: (name) => `cjs/${name}.cjs`,
  },
  Vite: {
    args: (name) => [bin("vite"), "build", "--ssr", `${name}.js`, "--outDir", `out/vite-${name}`],
    made: (name) => `vite-${name}/${name}.js`,
  },
  ncc: {
    args: (name) => [bin("ncc"), "build", `${name}.js`, "-o", `out/ncc-${name}`, "-q"],
    made: (name) => `ncc-${name}/index.js`,
  },
};

/**
 * A bundle finds an adapter that is installed beside it, runs alone with a registered adapter, and otherwise says
 * what to do.
 */
export async function checkBundles(tarballs: ReadonlyMap<string, string>, folder: string): Promise<void> {
  const app = join(folder, "bundled");
  const alone = join(folder, "alone");
  await mkdir(app);
  await writeFile(join(app, "package.json"), manifest(tarballs, [CORE, MEMORY]));
  await writeFile(
    join(app, "vite.config.js"),
    `export default { ssr: { noExternal: true }, build: { target: "node22" } };`,
  );
  for (const name of ["late", "early"] as const) await writeFile(join(app, `${name}.js`), program(name));
  await runCommand("npm", ["install", "--offline", "--ignore-scripts", "--no-package-lock"], app);
  for (const { args } of Object.values(BUNDLERS)) {
    for (const name of ["late", "early"]) await runCommand(process.execPath, args(name), app);
  }
  await cp(join(app, "out"), alone, { recursive: true });
  await writeFile(join(alone, "package.json"), JSON.stringify({ type: "module" }));
  for (const { made } of Object.values(BUNDLERS)) {
    await requireOutput(join(app, "out", made("late")), folder, CONNECTED);
    await requireOutput(made("early"), alone, CONNECTED);
    await requireOutput(made("late"), alone, TOLD);
  }
}

interface Layout {
  readonly files: Readonly<Record<string, string>>;
  readonly install: readonly string[];
  /** How Node is started. */
  readonly node?: readonly string[];
}

/** Package managers that let a package see only what it declares: core does not see the adapter, the program does. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  pnpm: {
    files: { "pnpm-workspace.yaml": "packages:\n  - packages/*\n", ".npmrc": "hoist=false\n" },
    install: [bin("pnpm"), "install", "--offline", "--ignore-scripts", "--store-dir", ".store"],
  },
  yarn: {
    files: {
      "yarn.lock": "",
      ".yarnrc.yml":
        "nodeLinker: pnp\nenableNetwork: false\nenableTelemetry: false\nenableGlobalCache: false\nenableScripts: false\n",
    },
    install: [bin("yarn"), "install", "--no-immutable"],
    node: [process.execPath, bin("yarn"), "node"],
  },
};

/** A program of a workspace is started from the workspace's root, with its adapter and without it. */
export async function checkLayout(name: string, tarballs: ReadonlyMap<string, string>, folder: string): Promise<void> {
  const { files, install, node } = LAYOUTS[name] as Layout;
  const workspace = join(folder, name);
  const app = join(workspace, "packages/app");
  for (const [packages, expected] of [
    [[CORE, MEMORY], CONNECTED],
    [[CORE], TOLD],
  ] as const) {
    await rm(workspace, { recursive: true, force: true });
    await mkdir(app, { recursive: true });
    const rootManifest = { name: "root", private: true, workspaces: ["packages/*"] };
    await writeFile(join(workspace, "package.json"), JSON.stringify(rootManifest));
    for (const [file, content] of Object.entries(files)) await writeFile(join(workspace, file), content);
    await writeFile(join(app, "package.json"), manifest(tarballs, packages));
    await writeFile(join(app, "late.js"), program("late"));
    await runCommand(process.execPath, install, workspace);
    await requireOutput("packages/app/late.js", workspace, expected, node === undefined ? undefined : [...node]);
  }
}
