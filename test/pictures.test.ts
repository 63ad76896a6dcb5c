import { expect, test } from "vitest";
import { readTracked, trackedFiles } from "./tracked-files.ts";

const pictures = trackedFiles.filter((path) => /^docs\/images\/concepts\/.*\.svg$/.test(path));
const SMALLEST_TEXT_PX = 12;
const MOST_BYTES = 8000;

test.each(pictures)("%s is small, explains itself, is readable in both colour schemes, and is shown", (path) => {
  const svg = readTracked(path);
  expect(Buffer.byteLength(svg)).toBeLessThan(MOST_BYTES);
  expect(svg).toMatch(/<title id="t">[^<]+<\/title>\n<desc id="d">[^<]+<\/desc>/);
  expect(svg).toContain("@media (prefers-color-scheme:dark)");
  expect(svg).not.toMatch(/href|url\((?!#)|@import/);
  for (const [, size] of svg.matchAll(/font-size:([\d.]+)px/g)) {
    expect(Number(size)).toBeGreaterThanOrEqual(SMALLEST_TEXT_PX);
  }
  const page = readTracked(path.replace("docs/images/", "docs/").replace(/svg$/, "md"));
  expect(page).toMatch(new RegExp(`!\\[[^\\]]{40,}\\]\\(\\.\\./${path.slice("docs/".length)}\\)`));
});

test("there are pictures", () => expect(pictures.length).toBeGreaterThan(0));
