import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Clock } from "@carnet/core/ports";
import { forbidden, readTrusted } from "../configuration/trusted-file.ts";
import { codeOf, OperatorFault } from "../fault.ts";
import type { Log } from "../log/logger.ts";

/** The paths of two PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** The texts of the two files. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/**
 * The certificate and the private key of the listener. A changed pair is used for new connections; one that does not
 * work is logged, and the old one stays in use.
 */
export class TlsCertificate {
  readonly #files: TlsFiles;
  readonly #ports: { readonly clock: Clock; readonly log: Log };
  readonly #listeners: ((pair: TlsPair) => void)[] = [];
  #seen: string;
  #pair: TlsPair;
  #validTo = 0;

  /** Throws an OperatorFault if the files cannot be used. */
  constructor(files: TlsFiles, ports: { readonly clock: Clock; readonly log: Log }) {
    this.#files = files;
    this.#ports = ports;
    this.#seen = versionOf(files);
    this.#pair = this.#load();
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  /** When the certificate in use expires, in milliseconds since the epoch. */
  get validTo(): number {
    return this.#validTo;
  }

  /** Calls the listener with each new pair. */
  onChange(listener: (pair: TlsPair) => void): void {
    this.#listeners.push(listener);
  }

  /** To be called regularly: notifications of the file system miss Kubernetes' swap of a symbolic link. */
  reloadIfChanged(): void {
    const version = versionOf(this.#files); // before the files are read, so that a change meanwhile is seen next time
    if (version === this.#seen) return;
    this.#seen = version;
    try {
      this.#pair = this.#load();
      for (const listener of this.#listeners) listener(this.#pair);
    } catch (error) {
      this.#ports.log.fault("tls_certificate_not_loaded", error);
    }
  }

  #load(): TlsPair {
    const pair = readPair(this.#files);
    const { validFromDate, validToDate } = new X509Certificate(pair.cert);
    const { clock, log } = this.#ports;
    const isValid = validFromDate.getTime() <= clock.now() && clock.now() < validToDate.getTime();
    const facts = { validFrom: validFromDate.toISOString(), validTo: validToDate.toISOString() };
    if (isValid) log.info("tls_certificate_loaded", facts);
    else log.warn("tls_certificate_not_valid_now", facts); // a wrong clock is no reason to end every connection
    this.#validTo = validToDate.getTime();
    return pair;
  }
}

function readPair(files: TlsFiles): TlsPair {
  const cert = read("certificate", "CARNET_TLS_CERT", () => readFileSync(files.cert, "utf8"));
  const key = read("private key", "CARNET_TLS_KEY", () => readTrusted(files.key, forbidden.allButGroupRead));
  const { createSecureContext } = process.getBuiltinModule("node:tls"); // not imported: plain HTTP does without
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new OperatorFault(
      `The certificate ${files.cert} and the private key ${files.key} cannot be used together${codeOf(error)}: put a PEM certificate, followed by those between it and the root, into the first, and its own key without a passphrase into the second.`,
    );
  }
  return { cert, key };
}

function read(what: string, variable: string, act: () => string): string {
  try {
    return act();
  } catch (error) {
    if (error instanceof OperatorFault) throw error;
    throw new OperatorFault(
      `The ${what} of TLS cannot be read${codeOf(error)}: set ${variable} to the path of a file that this user can read.`,
    );
  }
}

/** Changes whenever one of the files, or what a symbolic link to it leads to, is replaced or written. */
const versionOf = ({ cert, key }: TlsFiles): string =>
  [cert, key]
    .map((path) => {
      try {
        const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
        return `${dev}:${ino}:${size}:${mtimeNs}`;
      } catch (error) {
        return codeOf(error); // reading the file reports it
      }
    })
    .join(" ");
