import { suite } from "node:test";
import { testTokenVectors } from "@carnet/testkit/token-vector-suite";

suite("The token endpoint over a real socket", () => testTokenVectors("token-endpoint"));
suite("The token endpoint over a real socket, further cases", () => testTokenVectors("token-endpoint-more"));
