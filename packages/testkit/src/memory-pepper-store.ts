import { firstPepper, type PepperRecord } from "@carnet/core/pepper/pepper";
import type { PepperStore } from "@carnet/core/pepper/pepper-store";

/** The peppers of a store whose secrets are not counted. */
export class MemoryPepperStore implements PepperStore {
  #peppers: readonly PepperRecord[] = [
    { pepperId: firstPepper, createdAt: 0, usedFrom: 0, endsAt: null, isDeleted: false },
  ];

  async list(): Promise<readonly PepperRecord[]> {
    return this.#peppers;
  }

  async rotate(decide: Parameters<PepperStore["rotate"]>[0]): ReturnType<PepperStore["rotate"]> {
    const decided = decide(this.#peppers);
    if (!decided.ok) return decided;
    const { added, replaced } = decided.value;
    this.#peppers = [...this.#peppers.filter(({ pepperId }) => pepperId !== replaced.pepperId), replaced, added];
    return decided;
  }

  async progress(): ReturnType<PepperStore["progress"]> {
    return { moved: 0, toMove: 0 };
  }

  async unmoved(): ReturnType<PepperStore["unmoved"]> {
    return [];
  }

  async deleteKey(): ReturnType<PepperStore["deleteKey"]> {
    return undefined;
  }
}
