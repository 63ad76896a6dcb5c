/** The samples of a text by name and labels. Fails when a line is not of the text format. */
export function parsed(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || /^# (HELP|TYPE) [a-z_]+ \S/.test(line)) continue;
    const [, name = "", value = ""] =
      /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)+\})?) (\S+)$/.exec(line) ?? [];
    if (name === "" || Number.isNaN(Number(value))) throw new Error(`not of the text format: ${line}`);
    if (samples.has(name)) throw new Error(`twice: ${name}`);
    samples.set(name, Number(value));
  }
  return samples;
}

/** What a sample of the subscription `orders/mail` is called. */
export const ofMail = (name: string, more = ""): string =>
  `${name}{messaging_destination_name="orders",messaging_destination_subscription_name="mail"${more === "" ? "" : `,${more}`}}`;
