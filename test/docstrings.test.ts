import { expect, test } from "vitest";
import { documentationGaps } from "../site/api/documentation-gaps.ts";
import { readPackages } from "../site/api/read-packages.ts";

// Every package is read by a compiler: 10 s of processor time, much longer beside other tests.
test(
  "everything that is exported has a docstring, every option its default, and every link its place",
  { timeout: 300_000 },
  async () => {
    expect(documentationGaps(await readPackages())).toEqual([]);
  },
);
