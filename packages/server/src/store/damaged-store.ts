import { OperatorFault } from "../fault.ts";

/** The store cannot be read as it was written. Retrying does not help: somebody has to repair it. */
export class DamagedStore extends OperatorFault {}

/** Thrown when a row that every store has is missing. */
export const lost = (what: string): DamagedStore =>
  new DamagedStore(`The store is damaged, it has lost its ${what}: restore it from a backup.`);
