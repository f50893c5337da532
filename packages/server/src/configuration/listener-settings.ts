import { availableParallelism } from "node:os";
import { ok } from "@carnet/protocol/result";
import { setting } from "./setting.ts";
import { bad, duration, parseBlocks, parseHost, parseIssuer, parsePath, wholeNumber } from "./setting-values.ts";

/** Where the service listens, and the name by which callers know it. */
export const listenerSettings = {
  host: setting({
    environment: "CARNET_HOST",
    flag: "--host <address>",
    description: "The address to listen on. `localhost` means 127.0.0.1 and ::1.",
    accepts: "an IP address or a host name of this machine",
    otherwise: "`localhost` for `carnet dev`, 0.0.0.0 for `carnet serve`",
    parse: parseHost,
  }),
  port: setting({
    environment: "CARNET_PORT",
    flag: "--port <number>",
    description: "The TCP port to listen on.",
    accepts: "a whole number from 1 to 65535",
    otherwise: "8080",
    parse: (text) => wholeNumber(text, 1, 65_535),
  }),
  workers: setting({
    environment: "CARNET_WORKERS",
    flag: "--workers <number>",
    description: "How many processes serve the port of `carnet serve`.",
    accepts: "a whole number from 1 to 256, or auto for one per core",
    otherwise: "one process, without a supervisor",
    parse: (text) => (text === "auto" ? ok(Math.min(availableParallelism(), 256)) : wholeNumber(text, 1, 256)),
  }),
  managementHost: setting({
    environment: "CARNET_MANAGEMENT_HOST",
    flag: "--management-host <address>",
    description: "The address on which metrics and probes are served.",
    accepts: "an IP address or a host name of this machine",
    otherwise: "127.0.0.1",
    parse: parseHost,
  }),
  managementPort: setting({
    environment: "CARNET_MANAGEMENT_PORT",
    flag: "--management-port <number>",
    description: "The TCP port on which metrics and probes are served, apart from callers.",
    accepts: "a whole number from 1 to 65535",
    otherwise: "none: metrics are not served",
    parse: (text) => wholeNumber(text, 1, 65_535),
  }),
  issuer: setting({
    environment: "CARNET_ISSUER",
    flag: "--issuer <url>",
    description: "The issuer: the `iss` of each token, and the address at which callers reach this service.",
    accepts: "an https URL without path, query or fragment (http only for localhost and loopback addresses)",
    otherwise:
      "`http://localhost:PORT` (with a TLS certificate, `https`) for `carnet dev`, or with the loopback host that it listens on; required for `carnet serve`",
    parse: parseIssuer,
  }),
  audience: setting({
    environment: "CARNET_AUDIENCE",
    flag: "--audience <uri>",
    description: "The `aud` of each token: the identifier of the APIs that accept the tokens.",
    accepts: "1 to 255 printable ASCII characters without spaces",
    otherwise: "the issuer",
    parse: (text) => (/^[\x21-\x7e]{1,255}$/.test(text) ? ok(text) : bad),
  }),
  tlsCert: setting({
    environment: "CARNET_TLS_CERT",
    flag: "--tls-cert <path>",
    description: "The certificate with which the service itself serves HTTPS. Read again when the file changes.",
    accepts: "the path of a PEM file: the certificate, then those between it and the root",
    otherwise: "none: plain HTTP, for a proxy that terminates TLS",
    parse: parsePath,
  }),
  tlsKey: setting({
    environment: "CARNET_TLS_KEY",
    flag: "--tls-key <path>",
    description: "The private key of that certificate. Required with it.",
    accepts: "the path of a PEM file without a passphrase that only this user, or its group, can read",
    otherwise: "none",
    parse: parsePath,
  }),
  drainTimeout: setting({
    environment: "CARNET_DRAIN_TIMEOUT",
    flag: "--drain-timeout <duration>",
    description: "How long requests in progress may take to finish after SIGTERM.",
    ...duration(0, 600_000, "ms"),
    otherwise: "9s, because many service managers send SIGKILL after ten seconds",
  }),
  trustedProxies: setting({
    environment: "CARNET_TRUSTED_PROXIES",
    flag: "--trusted-proxies <blocks>",
    description:
      "The proxies whose `X-Forwarded-For` is trusted, for `ip_allowlist` and the addresses of audit events.",
    accepts: "address blocks like 10.0.0.0/8, separated by commas",
    otherwise: "none",
    parse: parseBlocks,
  }),
} as const;
