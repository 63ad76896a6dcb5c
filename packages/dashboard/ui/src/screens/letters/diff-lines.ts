export interface DiffLine {
  readonly kind: "same" | "added" | "removed" | "skipped";
  readonly text: string;
}

/** Comparing takes a table of lines by lines; larger texts are shown as removed and added. */
const MAX_LINES = 1500;
const CONTEXT = 3;
/** Shorter texts are shown whole. */
const SHORT = 40;

/** What was removed and added, line by line, with three lines around it. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const one = before.split("\n");
  const other = after.split("\n");
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
  let end = 0;
  const most = Math.min(one.length, other.length) - start;
  while (end < most && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  const middle = changed(one.slice(start, one.length - end), other.slice(start, other.length - end));
  const same = (texts: readonly string[]): DiffLine[] => texts.map((text) => ({ kind: "same", text }));
  return shortened([...same(one.slice(0, start)), ...middle, ...same(one.slice(one.length - end))]);
}

function changed(one: readonly string[], other: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: "removed", text });
  const added = (text: string): DiffLine => ({ kind: "added", text });
  if (one.length > MAX_LINES || other.length > MAX_LINES) return [...one.map(removed), ...other.map(added)];
  const width = other.length + 1;
  // How many lines the rest from here has in common.
  const common = new Uint16Array((one.length + 1) * width);
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = other.length - 1; column >= 0; column -= 1) {
      const at = row * width + column;
      common[at] =
        one[row] === other[column]
          ? (common[at + width + 1] ?? 0) + 1
          : Math.max(common[at + width] ?? 0, common[at + 1] ?? 0);
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < one.length || column < other.length) {
    const at = row * width + column;
    if (row < one.length && column < other.length && one[row] === other[column]) {
      lines.push({ kind: "same", text: one[row] ?? "" });
      row += 1;
      column += 1;
    } else if (row < one.length && (column === other.length || (common[at + width] ?? 0) >= (common[at + 1] ?? 0))) {
      lines.push(removed(one[row] ?? ""));
      row += 1;
    } else {
      lines.push(added(other[column] ?? ""));
      column += 1;
    }
  }
  return lines;
}

function shortened(lines: readonly DiffLine[]): readonly DiffLine[] {
  if (lines.length <= SHORT) return lines;
  const isNear = lines.map(() => false);
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== "same") isNear.fill(true, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  }
  const shown: DiffLine[] = [];
  let skipped = 0;
  const skip = (): void => {
    if (skipped > 0) shown.push({ kind: "skipped", text: `${skipped} lines that stay as they are` });
    skipped = 0;
  };
  for (const [index, line] of lines.entries()) {
    if (isNear[index] === true) {
      skip();
      shown.push(line);
    } else skipped += 1;
  }
  skip();
  return shown;
}
