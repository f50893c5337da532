import { testClientStore } from "@carnet/testkit/store-conformance";
import { databases, openTestStore } from "@carnet/testkit/test-database";

for (const { name, open } of databases) testClientStore(name, () => openTestStore(open));
