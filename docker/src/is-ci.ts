/** Whether the tests run in CI, where what is missing must fail. */
export function isCi(): boolean {
  return !["", "0", "false"].includes(process.env["CI"] ?? "");
}
