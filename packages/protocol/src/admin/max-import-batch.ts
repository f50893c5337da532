/** The maximum number of clients in one import request. */
export const maxImportBatch = 500;
