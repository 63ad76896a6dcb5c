/** Longer names would not fit beside a message. */
export const MAX_SERVICE_LENGTH = 63;

/** @throws TypeError */
export function requireService(what: string, service: unknown): string {
  if (isService(service)) return service;
  throw new TypeError(
    `${what}: service must be a text of 1 to ${MAX_SERVICE_LENGTH} characters without control characters, such as "orders"`,
  );
}

export function isService(service: unknown): service is string {
  return (
    typeof service === "string" &&
    service.length > 0 &&
    service.length <= MAX_SERVICE_LENGTH &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(service)
  );
}
