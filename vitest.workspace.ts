import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

// Workspace packages resolve to their TypeScript sources (the "@anytopic/source" condition of their exports), so that no test
// ever runs against a stale dist/: in vitest's own resolution, in what Node resolves by itself (import.meta.resolve,
// createRequire), and in child processes. "node" and nothing else, so that dependencies resolve as they do for a user.
const source = "@anytopic/source";
const conditions = [source, "node"];

const foldersOf = (parent: string) =>
  readdirSync(`${import.meta.dirname}/${parent}`).map((name) => ({ name, root: `${parent}/${name}` }));
const others = ["core", "conformance", "docker", "cli", "examples", "bench", "site"].map((name) => ({
  name,
  root: name,
}));
const projects = [...others, ...foldersOf("adapters"), ...foldersOf("packages")];

/** Their tests show the page of the dashboard, which is made from its sources first. */
const withPage = new Set(["dashboard", "cli"]);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: "forks",
    // Most tests wait for a broker, not for a processor.
    maxWorkers: 4,
    maxConcurrency: 32,
    env: { NODE_OPTIONS: `--conditions=${source}` },
    testTimeout: 20_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000, interval: 20 } },
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      ...projects.map(({ name, root }) => ({
        extends: true as const,
        root,
        test: {
          name,
          include: ["test/**/*.test.ts"],
          globalSetup: withPage.has(name) ? [`${import.meta.dirname}/scripts/bundle-dashboard.ts`] : [],
        },
      })),
      // The documents' own tests are run by the test of the documents.
      {
        extends: true as const,
        test: { name: "repository", include: ["test/**/*.test.ts"], exclude: ["test/.docs*/**"] },
      },
    ],
  },
});
