/** The number of hash slots of a cluster. https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ (2026-11-26) */
const SLOTS = 16_384;

/** The hash slot of a key: of what stands between the first `{` and the next `}`, or of all of it. */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open === -1 ? -1 : key.indexOf("}", open + 1);
  return crc16(Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key)) % SLOTS;
}

/** CRC-16/XMODEM. */
function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
}

const SECOND_ARGUMENT = new Set(["XGROUP", "XINFO", "OBJECT", "MEMORY"]);

/** The first key of a command that the adapter sends; undefined when it has none. */
export function keyOf(parts: readonly (string | Buffer)[]): string | undefined {
  const name = String(parts[0]).toUpperCase();
  if (name === "XREAD" || name === "XREADGROUP") {
    const at = parts.findIndex((part) => String(part).toUpperCase() === "STREAMS");
    return at === -1 ? undefined : String(parts[at + 1]);
  }
  if (name === "EVALSHA" || name === "EVAL" || name === "FCALL")
    return Number(parts[2]) > 0 ? String(parts[3]) : undefined;
  if (KEYLESS.has(name)) return undefined;
  const key = parts[SECOND_ARGUMENT.has(name) ? 2 : 1];
  return key === undefined ? undefined : String(key);
}

const KEYLESS = new Set([
  "PING",
  "INFO",
  "CLIENT",
  "SCRIPT",
  "CONFIG",
  "COMMAND",
  "HELLO",
  "TIME",
  "WAIT",
  "ACL",
  "CLUSTER",
]);
