import { connect, type Socket } from "node:net";
import type { TestService } from "@carnet/testkit/service";
import { newSecret } from "../support/secrets.ts";

/** Makes a request of one identity, each time with a fresh secret. */
export type MakeRequest = () => string;

const form = (body: string, header = ""): string =>
  `POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: the-same\r\n${header}` +
  `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const wrongSecretOf = (clientId: string): MakeRequest => {
  return () => form(`grant_type=client_credentials&client_id=${clientId}&client_secret=${newSecret()}`);
};

/** Identities that an attacker would like to tell apart. */
export async function refusedIdentities(service: TestService): Promise<Readonly<Record<string, MakeRequest>>> {
  const names = ["unknown", "plain", "large", "ten-secrets"];
  // They differ in one digit, because parsing other characters takes other time, which tells nothing about a client
  const idOf = (name: string) => `an-id-of-equal-length-${names.indexOf(name)}`;
  const plain = { client_id: idOf("plain"), scope: "file:read" };
  await service.register(plain);
  await service.register({
    client_id: idOf("large"),
    scope: Array.from({ length: 370 }, (_, at) => `s:${at}`).join(" "),
    ip_allowlist: Array.from({ length: 100 }, (_, at) => `198.51.${at}.0/24`),
  });
  await service.register({ client_id: idOf("ten-secrets"), scope: "file:read" });
  for (let secrets = 1; secrets < 10; secrets++) await service.addSecret(idOf("ten-secrets"));
  return Object.fromEntries(names.map((name) => [name, wrongSecretOf(idOf(name))]));
}

/** A new client, with wrong secrets. */
export async function identityOf(service: TestService, clientId: string): Promise<MakeRequest> {
  await service.register({ client_id: clientId, scope: "file:read" });
  return wrongSecretOf(clientId);
}

/** Requests with a mistake that is looked for in vain, because the secret is wrong or the client is unknown. */
export async function mistakenIdentities(service: TestService): Promise<Readonly<Record<string, MakeRequest>>> {
  const idOf = (name: "wrong" | "unknown") => `a-mistaken-id-${name.length}`;
  await service.register({ client_id: idOf("wrong"), client_secret: newSecret() });
  // The plus sign is a space after the secret
  const padded = (id: string): MakeRequest => {
    return () => form(`grant_type=client_credentials&client_id=${id}&client_secret=${newSecret()}+`);
  };
  return { wrong: padded(idOf("wrong")), unknown: padded(idOf("unknown")) };
}

/** Takes one hash and one probe more than the others, because the header has two readings. Shows what can be seen. */
export const oneHashMore = (clientId: string): Readonly<Record<"one reading" | "two readings", MakeRequest>> => {
  const basic = (secret: string) =>
    form("grant_type=client_credentials", `Authorization: Basic ${btoa(`${clientId}:${secret}`)}\r\n`);
  return { "one reading": () => basic(`${newSecret()}AAA`), "two readings": () => basic(`${newSecret()}%41`) };
};

/** Sends requests one after the other over one connection and times each answer, in microseconds. */
export class RefusalTimer implements Disposable {
  readonly #socket: Socket;
  #onAnswer: () => void = () => {};
  #received = 0;
  #length = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname).setNoDelay(true);
    this.#socket.on("data", (bytes: Buffer) => {
      this.#received += bytes.length;
      // Every refusal has the same length, which the first one shows
      if (this.#length === 0 && bytes.includes("}")) this.#length = this.#received;
      if (this.#received === this.#length) this.#onAnswer();
    });
  }

  async time(request: string): Promise<number> {
    this.#received = 0;
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve;
    });
    const start = process.hrtime.bigint();
    this.#socket.write(request);
    await answered;
    return Number(process.hrtime.bigint() - start) / 1000;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/**
 * Welch's t between the samples of two identities. Beyond 4.5 the difference is no coincidence (the bound of dudect,
 * Reparaz et al. 2017).
 */
export function tStatistic(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [moments(left), moments(right)];
  return (a.mean - b.mean) / Math.sqrt(a.variance / left.length + b.variance / right.length);
}

function moments(values: readonly number[]) {
  let mean = 0;
  let squares = 0;
  values.forEach((value, at) => {
    const delta = value - mean;
    mean += delta / (at + 1);
    squares += delta * (value - mean);
  });
  return { mean, variance: squares / (values.length - 1) };
}
