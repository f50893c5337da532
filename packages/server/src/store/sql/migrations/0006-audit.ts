import { type Kysely, sql } from "kysely";
import { type ColumnTypes, rawTypes } from "../sql-dialect.ts";

/** Events, refusals, usage, the heads of the journal's files, and what was delivered to the webhook. */
export const audit = (columns: ColumnTypes) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    const { instant, integer, sequence, text, clustered: end } = rawTypes(columns);
    const statements = [
      sql`create table audit_events (
        number ${sequence}, id ${text} not null, at ${instant} not null, event ${text} not null, request_id ${text},
        actor ${text} not null, json ${text} not null)`,
      sql`create index audit_events_at on audit_events (at)`,
      sql`create index audit_events_request on audit_events (request_id)`,
      sql`create index audit_events_kind on audit_events (event, at)`,
      sql`create index audit_events_actor on audit_events (actor, at)`,
      // Which clients an event names; with its time, because a search reads the newest first
      sql`create table audit_event_clients (client_id ${text} not null, at ${instant} not null, number ${integer} not null,
        primary key (client_id, at, number)) ${end}`,
      sql`create index audit_event_clients_number on audit_event_clients (number)`,
      sql`create table refusals (
        number ${sequence}, id ${text} not null, at ${instant} not null, event ${text} not null, request_id ${text},
        client_id ${text} not null, proven ${integer} not null, actor ${text} not null, reason ${text} not null,
        json ${text} not null)`,
      sql`create index refusals_at on refusals (at)`,
      sql`create index refusals_kind on refusals (event, at)`,
      sql`create index refusals_actor on refusals (actor, at)`,
      sql`create index refusals_request on refusals (request_id)`,
      // In the order of deletion
      sql`create index refusals_client on refusals (client_id, proven, number)`,
      sql`create index refusals_proven on refusals (proven, number)`,
      // Refusals of unknown clients are only counted
      sql`create table unknown_refusals (hour ${instant} not null, address_block ${text} not null, count ${integer} not null,
        primary key (hour, address_block)) ${end}`,
      // Counts by client and hour, and after a week by client and day, as a JSON object
      sql`create table client_usage (
        client_id ${text} not null, period ${text} not null, starts_at ${instant} not null, issued ${integer} not null,
        counts ${text} not null, primary key (client_id, period, starts_at)) ${end}`,
      sql`create index client_usage_starts on client_usage (period, starts_at)`,
      sql`create table journal_files (
        file ${text} not null primary key, node ${text} not null, records ${integer} not null, hash ${text} not null,
        oldest_at ${instant}, newest_at ${instant}, anchored_at ${instant} not null, closed ${integer} not null)`,
      sql`create table webhook_delivery (
        name ${text} not null primary key, delivered ${integer} not null, skipped ${integer} not null,
        attempts ${integer} not null, refused_since ${instant}, next_attempt_at ${instant} not null,
        leased_until ${instant} not null)`,
      // Credentials whose coming end was announced already
      sql`create table announced_ends (subject ${text} not null, ends_at ${instant} not null, within_days ${integer} not null,
        primary key (subject, ends_at, within_days)) ${end}`,
      // Most clients and secrets have no end. Without these, the hourly search for coming ends would read all of them
      sql`create index clients_expires_at on clients (expires_at) where expires_at is not null`,
      sql`create index client_secrets_expires_at on client_secrets (expires_at) where expires_at is not null`,
      sql`insert into scopes (name, description) values ('carnet:audit:read', 'Read the audit events of this service')
        on conflict (name) do nothing`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
});
