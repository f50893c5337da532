import { OperatorFault } from "../fault.ts";

/** The store's content is damaged. Retrying does not help; an operator has to repair it. */
export class DamagedStore extends OperatorFault {}

/** Thrown when a row that every store has is missing. */
export const missing = (what: string): DamagedStore =>
  new DamagedStore(`The store is damaged, its ${what} is missing: restore it from a backup.`);
