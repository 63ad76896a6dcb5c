import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

/** The files of core/src/config, and of the package yaml, that a program loads in a folder. */
async function loaded(program: string, files: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const folder = temporaryFolder(files);
  const core = import.meta.resolve("@anytopic/core");
  const text = `
    import { registerHooks } from "node:module";
    const found = [];
    registerHooks({ load: (url, context, next) => (found.push(url), next(url, context)) });
    const { connect } = await import(${JSON.stringify(core)});
    process.chdir(${JSON.stringify(folder)});
    ${program};
    process.stdout.write(JSON.stringify(found));
  `;
  const options = ["--conditions=@anytopic/source", "--input-type=module", "--eval", text];
  const env = { ...process.env, ANYTOPIC_URL: "", ANYTOPIC_CONFIG: "" };
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: join(import.meta.dirname, ".."),
    env,
  });
  const names = (JSON.parse(stdout) as readonly string[]).flatMap(
    (url) => /\/core\/src\/config\/([\w-]+)\.ts$/.exec(url)?.[1] ?? /\/node_modules\/(yaml)\//.exec(url)?.[1] ?? [],
  );
  return [...new Set(names)];
}

test("importing core, and connecting to a given broker, loads nothing of the configuration", async () => {
  expect(await loaded("await (await connect('memory:')).close()")).toEqual([]);
});

test("a JSON file loads no other parser", async () => {
  const files = { "anytopic.config.json": '{"connections":{"main":{"url":"memory:"}}}' };
  const names = await loaded("await (await connect()).close()", files);
  expect(names).toContain("load-config");
  expect(names).not.toContain("yaml");
});

test("a YAML file does", async () => {
  const files = { "anytopic.config.yaml": "connections: { main: { url: 'memory:' } }" };
  expect(await loaded("await (await connect()).close()", files)).toContain("yaml");
});

test("a TypeScript file is imported by Node itself", async () => {
  const files = {
    "anytopic.config.ts": "const url: string = 'memory:';\nexport default { connections: { main: { url } } };",
  };
  expect(await loaded("await (await connect()).close()", files)).toContain("load-config");
});
