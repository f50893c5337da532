import { type PostgresServer, startPostgres } from "@carnet/testkit/postgres-server";

/** A PostgreSQL server with the durability of production. It ends with the benchmark. */
export const startDurablePostgres = (): Promise<PostgresServer> =>
  startPostgres({
    settings: { fsync: "on", full_page_writes: "on", max_connections: "200", shared_buffers: "256MB" },
  });

/** The process of a server, whose descendants are its sessions. */
export async function pidOf(server: PostgresServer): Promise<number> {
  const [row] = await server.query("select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid");
  return Number(row?.["pid"]);
}
