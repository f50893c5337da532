import { startTestService } from "@carnet/testkit/service";
import { AdminApi } from "./support/admin-api.ts";
await using service = await startTestService();
const api = await AdminApi.of(service);
const call = async (m: string, p: string, o: any = {}) => { try { const r = await api.call(m, p, o); return `${r.status} ${r.text.slice(0, 300)}`; } catch (e) { return "ASSERT " + String(e).slice(0,400); } };
// scope race
console.log(await Promise.all(["a","b","c"].map((n)=>call("PUT", `/scopes/${n}:x`, { body: { description: "d", claims: { [n.repeat(3)]: "x".repeat(700) } } }))));
for (const claims of [{"iss\u0000x":1},{"\u0131ss":1},{"\u0130ss":1},{"is\u200bs":1},{"constructor":{"prototype":{"x":1}}},{"toString":1},{" iss":1},{"iss\n":1},{"\u001b[2J":1}, {"a\u202eb":1}])
  console.log(JSON.stringify(claims), await call("POST", "/clients", { body: { client_id: "c"+Math.abs(JSON.stringify(claims).length*31+JSON.stringify(claims).charCodeAt(2)), scope: "file:read", claims } }));
for (const [m,p,o] of [
 ["POST","/keys/rotate",{raw:'{"algorithm":"toString"}'}],["POST","/keys/rotate",{raw:'{"algorithm":"__proto__"}'}],["POST","/keys/rotate",{raw:'{"now":"true"}'}],["POST","/keys/rotate",{raw:'[]'}],["POST","/keys/rotate",{raw:'null'}],["POST","/keys/rotate",{raw:''}],["POST","/keys/rotate",{}],
 ["POST","/keys/import",{body:{private_key:"x".repeat(16385)}}],["POST","/keys/import",{body:{private_key:5}}],["POST","/keys/import",{body:{private_key:"\u0000"}}],["POST","/keys/import",{body:{private_key:'{"kty":"EC","__proto__":{}}'}}],
 ["POST","/keys/%00/revoke",{}],["POST","/keys/..%2f/revoke",{}],["POST","/keys/"+"a".repeat(3000)+"/retire",{}],["POST","/keys/__proto__/retire",{}],["POST","/keys/%ff/retire",{}],["POST","/keys/x/revoke",{raw:'{"a":'}],
 ["POST","/peppers",{raw:'{"deadline_in":1e300}'}],["POST","/peppers",{raw:'{"deadline_in":3600.5}'}],["POST","/peppers",{raw:'{"deadline_in":-1}'}],["POST","/peppers",{raw:'{"deadline_in":"3600"}'}],["POST","/peppers",{raw:'{"deadline_in":null}'}],["POST","/peppers",{raw:'{"deadline_in":3599}'}],
 ["GET","/peppers/unmoved?limit=5&limit=6",{}],["GET","/peppers/unmoved?limit=0",{}],["GET","/peppers/unmoved?cursor=%00",{}],["GET","/peppers/unmoved?cursor=%27",{}],["GET","/peppers/unmoved?x=1",{}],
] as const) console.log(m, p.slice(0,40), JSON.stringify(o).slice(0,60), "=>", await call(m,p,o));
console.log(await Promise.all([1,2,3].map(()=>call("POST","/peppers",{body:{deadline_in:3600}}))));
console.log(await Promise.all([1,2,3].map(()=>call("POST","/keys/rotate",{body:{}}))).then(a=>a.map(x=>x.slice(0,150))));
console.log(await Promise.all([1,2,3].map(()=>call("POST","/keys/rotate",{body:{now:true}}))).then(a=>a.map(x=>x.slice(0,250))));
