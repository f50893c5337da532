import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";

/** A response of the service. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface DeclaredAnswer {
  readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, { readonly schema: object; readonly examples?: Examples }>>;
}

type Examples = Readonly<Record<string, { readonly value: unknown }>>;

interface Document {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, DeclaredAnswer> }>>;
  readonly components: {
    readonly responses: Record<string, DeclaredAnswer>;
    readonly headers: Record<string, { readonly required: boolean }>;
  };
}

/** Checks responses against an OpenAPI document. */
export class OpenApiAnswers {
  readonly document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

  constructor(document: Document) {
    this.document = document;
    this.#ajv.addSchema(document, "openapi");
  }

  /** Every documented operation and status, such as `POST /path 200`. */
  declared(): string[] {
    return Object.entries(this.document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
  }

  /** The examples of all refusals. */
  refusalExamples(): unknown[] {
    const answers = Object.values(this.document.paths).flatMap((operations) =>
      Object.values(operations).flatMap(({ responses }) =>
        Object.entries(responses).flatMap(([status, answer]) => (Number(status) >= 400 ? [answer] : [])),
      ),
    );
    const contents = answers.flatMap(({ content = {} }) => Object.values(content));
    return contents.flatMap(({ examples = {} }) => Object.values(examples).map(({ value }) => value));
  }

  /** Asserts that an operation documents a response, with its body and headers. */
  assertDeclared({ method, path }: { method: string; path: string }, answer: Answer): void {
    const declared = this.document.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
    assert.ok(declared, `${method} ${path} does not declare ${answer.status}`);
    this.#assertAnswer(declared, answer);
  }

  /** Asserts that a response matches a response component. */
  assertComponent(name: string, answer: Answer): void {
    const declared = this.document.components.responses[name];
    assert.ok(declared, `there is no response ${name}`);
    this.#assertAnswer(declared, answer);
  }

  /** Asserts that a value matches a schema of the document. */
  assertMatches(schema: object, value: unknown): void {
    this.#assertValid(this.#addSchema(schema), value, "value");
  }

  #assertAnswer(declared: DeclaredAnswer, { headers, body }: Answer): void {
    for (const [name, { $ref }] of Object.entries(declared.headers ?? {})) {
      const value = headers.get(name);
      if (value === null && this.document.components.headers[$ref.split("/").at(-1) ?? ""]?.required === false)
        continue;
      assert.notEqual(value, null, `the header ${name} is declared and was not sent`);
      const number = /^\d+$/.test(String(value));
      this.#assertValid(`openapi${$ref}/schema`, number ? Number(value) : value, `header ${name}`);
    }
    assert.equal(
      body !== undefined,
      declared.content !== undefined,
      "a body must be sent if and only if it is documented",
    );
    if (declared.content === undefined) return;
    const type = String(headers.get("content-type")).split(";", 1)[0] ?? "";
    const content = declared.content[type];
    assert.ok(content, `a body of ${type} was sent and is not declared`);
    this.#assertValid(this.#addSchema(content.schema), body, "body");
  }

  /** By their text: compiling a schema takes far longer than checking a body with it. */
  readonly #keys = new Map<string, string>();

  /** Adds a schema whose references resolve in the document, unless it was added before. */
  #addSchema(schema: object): string {
    const text = JSON.stringify(schema);
    const key = this.#keys.get(text) ?? `part${this.#keys.size}`;
    if (!this.#keys.has(text)) this.#ajv.addSchema(JSON.parse(text.replaceAll('"#/', '"openapi#/')), key);
    this.#keys.set(text, key);
    return key;
  }

  #assertValid(key: string, value: unknown, part: string): void {
    const validate = this.#ajv.getSchema(key);
    assert.ok(validate, `no schema ${key}`);
    assert.ok(validate(value), `${part}: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
  }
}
