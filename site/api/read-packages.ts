import { join } from "node:path";
import { root } from "../../scripts/workspaces.ts";
import { Application, LogLevel, type TypeDocOptions } from "typedoc";
import { type EntryPoint, entryPoints } from "./entry-points.ts";
import type { Reflection } from "./reflection.ts";

export interface DocumentedEntry extends EntryPoint {
  readonly exported: readonly Reflection[];
}

export interface Documented {
  readonly entries: readonly DocumentedEntry[];
  /** What TypeDoc warns of: links that lead nowhere, tags without a parameter. */
  readonly warnings: readonly string[];
}

const OPTIONS: Partial<TypeDocOptions> = {
  name: "anytopic",
  tsconfig: join(import.meta.dirname, "documented.tsconfig.json"),
  basePath: root,
  entryPoints: entryPoints.map(({ source }) => join(root, source)),
  readme: "none",
  // The compiler of the repository checks types; this one is older, and only reads them.
  skipErrorChecking: true,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  disableGit: true,
  disableSources: true,
  sort: ["source-order"],
  validation: { invalidLink: true, notExported: false, notDocumented: false, rewrittenLink: true },
  logLevel: "Warn",
};

/** Reads the docstrings and types of everything that the packages export. About 10 s of processor time. */
export async function readPackages(): Promise<Documented> {
  const app = await Application.bootstrap(OPTIONS);
  const warnings: string[] = [];
  app.logger.log = (message, level) => {
    if (level >= LogLevel.Warn) warnings.push(message);
  };
  const project = await app.convert();
  if (project === undefined) throw new Error(`the packages cannot be read:\n${warnings.join("\n")}`);
  app.validate(project);
  // TypeDoc's type says more than the pages need.
  const modules = (app.serializer.projectToObject(project, root as never).children ?? []) as unknown as Reflection[];
  const entries = entryPoints.map((entry) => {
    const name = entry.source.replace(/(\/index)?\.ts$/, "");
    const found = modules.find((one) => one.name === name);
    if (found === undefined)
      throw new Error(`${entry.source} is not among ${modules.map((one) => one.name).join(", ")}`);
    return { ...entry, exported: found.children ?? [] };
  });
  return { entries, warnings };
}
