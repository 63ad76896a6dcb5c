import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate and its key. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly pem: string;
}

/** Creates a certificate for one host name, valid for two days, self-signed or signed by an `authority`; undefined if `openssl` is not installed. */
export function makeCertificate(folder: string, hostName: string, authority?: Certificate): Certificate | undefined {
  const [certFile, keyFile] = [join(folder, `${hostName}.pem`), join(folder, `${hostName}.key`)];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  const names = ["-subj", `/CN=${hostName}`, "-addext", `subjectAltName=DNS:${hostName}`];
  try {
    const by = authority === undefined ? [] : ["-CA", authority.certFile, "-CAkey", authority.keyFile];
    execFileSync("openssl", ["req", "-x509", "-days", "2", ...key, ...names, ...by, "-out", certFile], {
      stdio: "pipe",
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return { certFile, keyFile, pem: readFileSync(certFile, "utf8") };
}
