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

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const table = (fields: readonly (readonly [string, Schema])[]): string =>
  `| member | type | what |\n| --- | --- | --- |\n${fields.flatMap(([name, schema]) => rowsOf(name, [schema])).join("")}`;

/** A member, and the members in it. Several schemas: it differs between the forms of the object that it is in. */
function rowsOf(name: string, schemas: readonly Schema[]): readonly string[] {
  const forms = schemas.flatMap((schema) => schema.anyOf ?? [schema]);
  const types = name === "event" ? ["string"] : [...new Set(forms.flatMap(typesOf))];
  const inner = Map.groupBy(
    forms.flatMap(({ items, properties }) => Object.entries(items?.properties ?? properties ?? {})),
    ([member]) => member,
  );
  const path = forms.some(({ items }) => items) ? `${name}[]` : name;
  return [
    `| \`${name}\` | ${types.join(" or ")} | ${schemas.map(descriptionOf).find((text) => text !== "") ?? ""} |\n`,
    ...[...inner].flatMap(([member, entries]) =>
      rowsOf(
        `${path}.${member}`,
        entries.map(([, schema]) => schema),
      ),
    ),
  ];
}

function typesOf({ enum: values, const: value, format, type = "" }: Schema): readonly string[] {
  if (values !== undefined || value !== undefined) return (values ?? [value]).map((text) => `\`${text}\``);
  return [format === "date-time" ? "time in RFC 3339" : type];
}

/** A value that can be null has its description beside the null, and the kind of an event has none. */
function descriptionOf({ description, anyOf = [], enum: values }: Schema): string {
  if (description !== undefined) return description;
  if (anyOf.length > 0) return anyOf.find((part) => part.description !== undefined)?.description ?? "";
  return values?.some((value) => value === eventShapes[0].properties.event.enum[0])
    ? "What happened: see the sections below."
    : "";
}
