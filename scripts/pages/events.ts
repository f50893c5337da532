import { eventShapes } from "@carnet/protocol/admin/audit-events";

/** Every event with its fields, from the schemas that the admin API publishes. */
export function eventsPage(generated: string): string {
  const shared = new Set(
    Object.keys(eventShapes[0].properties).filter((name) => eventShapes.every(({ properties }) => name in properties)),
  );
  const common = Object.entries(eventShapes[0].properties).filter(([name]) => shared.has(name));
  const sections = eventShapes.map((shape) => {
    const { properties } = shape;
    const kinds = properties.event.enum.map((kind) => `\`${kind}\``).join(", ");
    const own = Object.entries(properties).filter(([name]) => !shared.has(name));
    return `## ${kinds}\n\n${descriptionOf(shape)}\n\n${table(own)}`;
  });
  return `# Audit events

${generated}An event is one JSON object, with the same members in the journal, the store, the admin API, \`carnet audit\` and the
webhooks. No event has a secret, a digest or a token. [The audit guide](../guide/audit.md) shows how to read them, and how
to map them to OCSF.

## Every event

${table(common)}
${sections.join("\n")}`;
}

const table = (fields: readonly (readonly [string, object])[]): string =>
  `| member | what |\n| --- | --- |\n${fields.map(([name, schema]) => `| \`${name}\` | ${descriptionOf(schema)} |\n`).join("")}`;

/** A value that can be null has its description beside the null, and the kind of an event has none. */
function descriptionOf(schema: object): string {
  if ("description" in schema) return String(schema.description);
  const parts = "anyOf" in schema && Array.isArray(schema.anyOf) ? schema.anyOf : [];
  return parts.find((part) => "description" in part)?.description ?? "What happened: see the sections below.";
}
