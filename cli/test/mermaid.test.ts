import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runHere, temporaryFolder, TOPICS } from "./program.ts";

// The whole grammar of what this command writes: a subset of Mermaid's flowcharts that its own parser (11.17.2) has been seen to accept,
// with the names of HOSTILE, each drawn as it was given.
const LABEL = '"(?<label>(?:[\\p{L}\\p{N}\\p{M} .,/+()-]|#\\d+;|<br>)*)"';
const ID = "(?:service|topic|subscription)_(?:[A-Za-z0-9]|_[0-9a-f]+_)+(?:_letters)?";
const NODE = new RegExp(
  `^ {2}(?<id>${ID})(?:\\(\\[${LABEL}\\]\\)|\\[\\[${LABEL}\\]\\]|\\(${LABEL}\\)|\\[\\(${LABEL}\\)\\])$`,
  "u",
);
const EDGE = new RegExp(`^ {2}(?<from>${ID}) (?:-->|-\\. ${LABEL} \\.->) (?<to>${ID})$`, "u");

const HOSTILE = [
  "plain",
  "end",
  'mail "x" <b>#1; end`',
  "`**bold**`",
  "<script>alert(1)</script>",
  "a%%{init: {}}%%b",
  'click x "javascript:1"',
  "}] -->|x| y",
  "ünïcödé 日本 🚀",
  "#quot;",
  "&lt;",
  "1. list",
  "\\",
  "$$x$$",
  "a:::class",
  "%% comment",
  "fa:fa-car",
  "@{shape: x}",
];

interface Diagram {
  readonly direction: string;
  /** Label by id. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly edges: readonly (readonly [from: string, to: string])[];
}

/** Reads every line by the rules above. */
function parsed(text: string): Diagram {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const nodes = new Map<string, string>();
  const edges: (readonly [string, string])[] = [];
  for (const line of lines) {
    const edge = EDGE.exec(line)?.groups;
    const node = NODE.exec(line)?.groups;
    if (edge !== undefined) edges.push([edge["from"] ?? "", edge["to"] ?? ""]);
    else if (node === undefined || nodes.has(node["id"] ?? ""))
      throw new Error(`not our grammar, or a second time: ${line}`);
    else nodes.set(node["id"] ?? "", decoded(node["label"] ?? ""));
  }
  const [, direction] = /^flowchart (LR|TB|RL|BT)$/.exec(head) ?? [];
  if (direction === undefined) throw new Error(`no flowchart: ${head}`);
  const missing = edges.flat().filter((id) => !nodes.has(id));
  if (missing.length > 0) throw new Error(`edges to nothing: ${missing.join(", ")}`);
  return { direction, nodes, edges };
}

function decoded(label: string): string {
  return label.replaceAll("<br>", "\n").replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

async function mermaid(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(["export", "mermaid", "--declarations", TOPICS, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test("topics, subscriptions and dead letters, with what matters about each", async () => {
  const { direction, nodes, edges } = parsed(await mermaid());
  expect(direction).toBe("LR");
  expect([...nodes.values()]).toEqual([
    "notes",
    "archive\nretried for ever",
    "dead letters",
    "orders\nexactly once",
    "bill\n5 retries",
    "dead letters",
    "signups\nordered by key",
    "send-mail\n0 retries",
    "dead letters",
  ]);
  const named = edges.map(([from, to]) => `${nodes.get(from)?.split("\n")[0]} → ${nodes.get(to)?.split("\n")[0]}`);
  expect(named).toEqual([
    "notes → archive",
    "archive → dead letters",
    "orders → bill",
    "bill → dead letters",
    "signups → send-mail",
    "send-mail → dead letters",
  ]);
  expect(await mermaid()).toContain('-. "after 6 attempts" .->');
});

test("a selection, a direction, no dead letters, and a file", async () => {
  const out = join(await temporaryFolder(), "topology.mmd");
  const args = ["orders/bill", "--direction", "TB", "--no-dead-letters", "--out", out];
  expect(await runHere(["export", "mermaid", "--declarations", TOPICS, ...args])).toMatchObject({
    code: 0,
    stdout: "",
  });
  const { direction, nodes } = parsed(await readFile(out, "utf8"));
  expect(direction).toBe("TB");
  expect([...nodes.values()]).toEqual(["orders\nexactly once", "bill\n5 retries"]);
});

test("services publish and handle; the order of the flags does not matter", async () => {
  const shop = ["--service", "shop=orders,signups"];
  const mail = ["--service", "mail=signups/send-mail,notes"];
  const text = await mermaid(...shop, ...mail);
  expect(await mermaid(...mail, "--service", "shop=signups", "--service", "shop=orders")).toBe(text);
  const { nodes, edges } = parsed(text);
  const ofServices = edges.filter((edge) => edge.some((id) => id.startsWith("service_")));
  expect(ofServices.map(([from, to]) => [nodes.get(from)?.split("\n")[0], nodes.get(to)?.split("\n")[0]])).toEqual([
    ["mail", "notes"],
    ["send-mail", "mail"],
    ["shop", "orders"],
    ["shop", "signups"],
  ]);
});

describe("whatever a service is called", () => {
  test.for(HOSTILE)("%s is drawn as it is", async (name) => {
    const { nodes } = parsed(await mermaid("--service", `${name.replaceAll("=", "")}=orders`));
    expect([...nodes.values()]).toContain(name);
  });

  test("line breaks, control and direction characters become a space, and names that look alike stay apart", async () => {
    const odd = await mermaid(
      "--service",
      "a\nb\u202Ec\u0007=orders",
      "--service",
      "a-b=orders",
      "--service",
      "a_b=orders",
    );
    expect([...parsed(odd).nodes.values()].slice(0, 3)).toEqual(["a b c", "a-b", "a_b"]);
  });
});

test.for([
  [["--service", "shop"], '--service is "shop": must be a name and what the service uses'],
  [["--service", "=orders"], '--service is "=orders": must be a name'],
  [["--service", "shop=orders,"], '--service is "shop=orders,": must be a name'],
  [["--service", "shop=order"], "did you mean orders?"],
  [["--service", "shop=orders/bil"], "did you mean orders/bill?"],
  [["--direction", "XY"], '--direction is "XY": must be one of LR, TB, RL, BT'],
] as const)("wrong input is named: %j", async ([args, message]) => {
  const { code, stderr } = await runHere(["export", "mermaid", "--declarations", TOPICS, ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
