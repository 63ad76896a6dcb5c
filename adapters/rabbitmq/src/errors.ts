import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";

/** AMQP reply codes. https://www.rabbitmq.com/amqp-0-9-1-reference#constants (read 2026-11-22) */
const REPLY_CODES: Readonly<Record<number, PubSubErrorCode>> = {
  311: "LIMIT_EXCEEDED", // CONTENT_TOO_LARGE
  312: "NOT_FOUND", // NO_ROUTE
  313: "NOT_FOUND", // NO_CONSUMERS
  320: "UNAVAILABLE", // CONNECTION_FORCED: closed by an operator, or the node stops
  402: "NOT_FOUND", // INVALID_PATH: no such virtual host
  403: "PERMISSION_DENIED", // ACCESS_REFUSED
  404: "NOT_FOUND", // NOT_FOUND
  405: "RESOURCE_EXHAUSTED", // RESOURCE_LOCKED: another connection uses it exclusively
  406: "TOPOLOGY_MISMATCH", // PRECONDITION_FAILED
  501: "UNKNOWN", // FRAME_ERROR
  502: "UNKNOWN", // SYNTAX_ERROR
  503: "UNKNOWN", // COMMAND_INVALID
  504: "UNAVAILABLE", // CHANNEL_ERROR
  505: "UNKNOWN", // UNEXPECTED_FRAME
  506: "RESOURCE_EXHAUSTED", // RESOURCE_ERROR
  530: "PERMISSION_DENIED", // NOT_ALLOWED
  540: "NOT_SUPPORTED", // NOT_IMPLEMENTED
  541: "UNAVAILABLE", // INTERNAL_ERROR
};

/** `error.code` of Node's sockets, and of its TLS if the certificate is not trusted. */
const SOCKET_CODE =
  /^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOST(?:UNREACH|DOWN)|ENET(?:UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL|ABORT_ERR)$/;
const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** Errors of amqplib that have no code, by their whole message. */
const CLIENT_MESSAGES: Readonly<Record<string, PubSubErrorCode>> = {
  "connect ETIMEDOUT": "UNAVAILABLE",
  "Heartbeat timeout": "UNAVAILABLE",
  "Unexpected close": "UNAVAILABLE",
  "Socket closed abruptly during opening handshake": "UNAVAILABLE",
  "Channel ended, no reply will be forthcoming": "UNAVAILABLE",
  "channel closed": "UNAVAILABLE",
  "message nacked": "REJECTED",
  "No channels left to allocate": "RESOURCE_EXHAUSTED",
};

/** Errors of the handshake have their reply code only in the text. */
const HANDSHAKE = /^Handshake terminated by server: (\d{3}) /;

/** The last step of the handshake opens the virtual host. If the broker refuses it, amqplib hides the reason. */
const VHOST_REFUSED = /^Expected ConnectionOpenOk; got <ConnectionClose/;

/** Maps an error of amqplib, Node or the broker; `what` is the operation, for the message. A `PubSubError` stays as it is. */
export function toPubSubError(cause: unknown, what: string): PubSubError {
  if (cause instanceof PubSubError) return cause;
  return new PubSubError(codeOf(cause), `${what}: ${textOf(cause)}`, { cause });
}

export function codeOf(cause: unknown): PubSubErrorCode {
  if (cause instanceof PubSubError) return cause.code;
  if (!(cause instanceof Error)) return "UNKNOWN";
  const { message } = cause;
  const code: unknown = (cause as { code?: unknown }).code;
  const handshake = HANDSHAKE.exec(message);
  if (handshake !== null) return handshakeCode(Number(handshake[1]), message);
  if (typeof code === "number") return replyCode(code, message);
  if (typeof code === "string" && SOCKET_CODE.test(code)) return "UNAVAILABLE";
  if (typeof code === "string" && TLS_CODE.test(code)) return "INVALID_CONFIG";
  // amqplib's error for a closed connection or channel.
  if (cause.name === "IllegalOperationError") return "UNAVAILABLE";
  if (message.startsWith("SASL mechanism ")) return "UNAUTHENTICATED";
  if (VHOST_REFUSED.test(message)) return "NOT_FOUND";
  if (cause instanceof RangeError && message.startsWith("Encoded field table ")) return "LIMIT_EXCEEDED";
  return CLIENT_MESSAGES[message] ?? "UNKNOWN";
}

/** During the handshake, 403 is about the login, and 530 about the virtual host: it is missing, full, or forbidden to this user. */
function handshakeCode(code: number, message: string): PubSubErrorCode {
  if (code === 403) return "UNAUTHENTICATED";
  if (code === 530) {
    if (/vhost .* not found/.test(message)) return "NOT_FOUND";
    return /limit/.test(message) ? "RESOURCE_EXHAUSTED" : "PERMISSION_DENIED";
  }
  return REPLY_CODES[code] ?? "UNKNOWN";
}

function replyCode(code: number, message: string): PubSubErrorCode {
  if (code === 406) return preconditionCode(message);
  // A durable queue whose node is down still exists.
  if (code === 404 && /is down or inaccessible/.test(message)) return "UNAVAILABLE";
  return REPLY_CODES[code] ?? "UNKNOWN";
}

/** Reads the broker's error for a message above its `max_message_size`, which AMQP does not tell before; undefined for any other error. */
export function tooLarge(message: string): { readonly bytes: number; readonly mostBytes: number } | undefined {
  const numbers = /message size (\d+) (?:is )?larger than \D*(\d+)/.exec(message);
  return numbers === null ? undefined : { bytes: Number(numbers[1]), mostBytes: Number(numbers[2]) };
}

/** One reply code for several problems, which differ only in the text. */
function preconditionCode(message: string): PubSubErrorCode {
  if (tooLarge(message) !== undefined) return "LIMIT_EXCEEDED";
  if (/delivery acknowledgement on channel \d+ timed out/.test(message)) return "LEASE_LOST";
  if (/unknown delivery tag/.test(message)) return "LEASE_LOST";
  if (/queue limit in (?:vhost|cluster) .* is reached/.test(message)) return "RESOURCE_EXHAUSTED";
  return "TOPOLOGY_MISMATCH";
}

/** Why the server ended the TLS handshake, in words. OpenSSL's own text names source files. */
function alertText(code: unknown): string | undefined {
  const alert = typeof code === "string" ? /^ERR_SSL_.*ALERT_(.*)$/.exec(code)?.[1] : undefined;
  if (alert === undefined) return undefined;
  const words = alert.toLowerCase().replaceAll("_", " ");
  if (alert === "CERTIFICATE_REQUIRED") return "the server asks for a client certificate: set tls: { cert, key }";
  // TLS 1.2 has no alert for a missing certificate.
  if (alert === "HANDSHAKE_FAILURE")
    return "the server refused the TLS handshake: either it asks for a client certificate, which is set by tls: { cert, key }, or the two have no protocol version or cipher in common";
  if (/CERTIFICATE|UNKNOWN_CA/.test(alert))
    return `the server does not accept the client certificate in tls: { cert, key }: ${words}`;
  return `the server refused the TLS handshake: ${words}`;
}

function textOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === "") return cause.errors.map(textOf).join("; ");
  const message: unknown = (cause as { message?: unknown } | undefined)?.message;
  if (typeof message === "string" && VHOST_REFUSED.test(message)) {
    return "the virtual host does not exist, is forbidden to this user, or has reached its limit of connections";
  }
  const alert = alertText((cause as { code?: unknown } | undefined)?.code);
  if (alert !== undefined) return alert;
  return typeof message === "string" && message !== "" ? message : String(cause);
}
