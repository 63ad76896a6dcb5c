/** The cells of the first table under a Markdown heading, without the head of the table. @throws Error when there is none */
export function tableUnder(markdown: string, heading: string): readonly (readonly string[])[] {
  const [, section] = markdown.split(new RegExp(`^#+ ${heading}$`, "m"));
  const [, , ...rows] =
    section
      ?.match(/(?:^\|.*\n)+/m)?.[0]
      .trimEnd()
      .split("\n") ?? [];
  if (rows.length === 0) throw new Error(`there is no table under "${heading}"`);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}
