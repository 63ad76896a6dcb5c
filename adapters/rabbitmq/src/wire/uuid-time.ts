const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The milliseconds that a UUIDv7 begins with; undefined for any other id. https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 * (read 2026-11-22)
 */
export function uuidTimeMs(id: string): number | undefined {
  if (!UUID_V7.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
