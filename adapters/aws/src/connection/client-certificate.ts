import { isIP } from "node:net";
import { connect } from "node:tls";

const TIMEOUT_MS = 2000;
/** OpenSSL's names of the alerts 42, 49 and 116. */
const WANTED = /ALERT_(?:BAD_CERTIFICATE|ACCESS_DENIED|CERTIFICATE_REQUIRED)$/;

/**
 * Whether a server ends connections because it wants a client certificate. With TLS 1.3 it says so after the handshake,
 * where an HTTP client only sees that the server closed the connection. So this connects again and waits for the alert.
 */
export async function wantsClientCertificate(endpoint: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(endpoint);
  if (protocol !== "https:") return false;
  const host = hostname.replaceAll(/[[\]]/g, "");
  const socket = connect({
    host,
    port: Number(port || 443),
    ...(isIP(host) === 0 ? { servername: host } : undefined),
  });
  try {
    return await new Promise((resolve) => {
      socket.setTimeout(TIMEOUT_MS, () => resolve(false));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(WANTED.test(error.code ?? "")));
      socket.on("close", () => resolve(false));
      socket.resume();
    });
  } finally {
    socket.destroy();
  }
}
