/** The address of a screen of dead letters. What is empty is left out. */
export function lettersAddress(query: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(given).toString();
  return search === "" ? "/letters" : `/letters?${search}`;
}
