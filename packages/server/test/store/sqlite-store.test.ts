import { testClientStore } from "@carnet/testkit/store-conformance";
import { openTestSqlite } from "@carnet/testkit/test-sqlite";

testClientStore("SQLite", openTestSqlite);
