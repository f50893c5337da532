import { Failure } from "../failure.ts";

/** The chunks of an answer. Throws a Failure if the answer breaks off. */
export async function* whole(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  requestId: string | null,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch {
    throw new Failure("The answer broke off, so it is incomplete.", {
      hint: "Run the command again. If it breaks off again, the service's log has the reason under the request id.",
      requestId: requestId ?? undefined,
    });
  }
}
