import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { PubSubError } from "@anytopic/core/driver";

/** Options of Node's TLS, and the names of files, which are read again for every connection, so that they can be rotated. */
export interface TlsOptions extends ConnectionOptions {
  /** The authorities that are trusted, instead of the system's. */
  readonly caFile?: string | undefined;
  /** The client's certificate, for servers that ask for one. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** What each file stands for in Node's options. */
export const TLS_FILES = { caFile: "ca", certFile: "cert", keyFile: "key" } as const;

/** Options for Node, with the contents of the files. @throws PubSubError `INVALID_CONFIG` that names the file */
export function readTlsFiles(options: TlsOptions): ConnectionOptions {
  const { caFile, certFile, keyFile, ...others } = options;
  const files = Object.entries({ caFile, certFile, keyFile });
  const contents = files.flatMap(([name, path]) =>
    path === undefined ? [] : [[TLS_FILES[name as keyof typeof TLS_FILES], content(name, path)] as const],
  );
  return { ...others, ...Object.fromEntries(contents) };
}

function content(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new PubSubError("INVALID_CONFIG", `${name} ${path} of the tls option cannot be read`, { cause: error });
  }
}
