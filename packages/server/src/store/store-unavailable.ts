import { OperatorFault } from "../fault.ts";

/** The store cannot be reached, or does not accept writes right now. It may come back without the operator's help. */
export class StoreUnavailable extends OperatorFault {}
