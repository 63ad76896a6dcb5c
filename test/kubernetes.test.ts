import { expect, test } from "vitest";
import { parse } from "yaml";
import { readTracked } from "./tracked-files.ts";

/** What `close` may take beside the handlers' time, see core/src/base/close-budget.ts. */
const CLOSE_GRACE_MS = 5000;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly Readonly<Record<string, { readonly httpGet?: { readonly path: string } }>>[];
      };
    };
    readonly scaleTargetRef: { readonly name: string };
    readonly triggers: readonly { readonly metadata: { readonly query: string } }[];
  };
}

const page = readTracked("docs/guides/kubernetes.md");
const manifests = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => parse(text) as Manifest);
const of = (kind: string): Manifest => {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`the page has no ${kind}`);
  return found;
};

test("the grace period of the page is longer than what its program may need", () => {
  const option = (name: string): number => {
    const [, digits = ""] = new RegExp(`${name}: ([\\d_]+)`).exec(page) ?? [];
    return Number(digits.replaceAll("_", ""));
  };
  const needsMs = option("readinessDelayMs") + option("timeoutMs") + CLOSE_GRACE_MS;
  expect(needsMs).toBe(30_000);
  expect(of("Deployment").spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(needsMs);
});

test("the probes of the page ask for the paths that the health handler has", () => {
  const [container = {}] = of("Deployment").spec.template.spec.containers;
  expect(container["startupProbe"]?.httpGet?.path).toBe("/readyz");
  expect(container["livenessProbe"]?.httpGet?.path).toBe("/livez");
  expect(container["readinessProbe"]?.httpGet?.path).toBe("/readyz");
});

test("the page scales its own deployment, by a metric that exists", () => {
  const { scaleTargetRef, triggers } = of("ScaledObject").spec;
  expect(scaleTargetRef.name).toBe(of("Deployment").metadata.name);
  const [, metric = ""] = /max\((\w+)\{/.exec(triggers[0]?.metadata.query ?? "") ?? [];
  expect(readTracked("packages/metrics/README.md")).toContain(`\`${metric}\``);
});
