// The workspaces of this repository, read from the root package.json.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** Relative to the root, such as `adapters/nats`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

export const root: string = join(import.meta.dirname, "..");

const readManifest = (folder: string): unknown => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));

export const rootManifest = readManifest("") as Manifest & { readonly workspaces: readonly string[] };

export const workspaces: readonly Workspace[] = rootManifest.workspaces
  .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
  .map((path) => path.replace(/\/package\.json$/, ""))
  .toSorted()
  .map((folder) => ({ folder, manifest: readManifest(folder) as Manifest }));

export const publishable: readonly Workspace[] = workspaces.filter(({ manifest }) => manifest.private !== true);
