// Chirp from Node, with Connect-ES over gRPC: client.mjs 127.0.0.1:50050
import { randomUUID } from "node:crypto";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { AccountKind } from "./gen/chirp/common/v1/common_pb.js";
import { CommandService } from "./gen/chirp/command/v1/command_pb.js";
import { QueryService } from "./gen/chirp/query/v1/query_pb.js";

const transport = createGrpcTransport({ baseUrl: `http://${process.argv[2]}` });
const [commands, queries] = [createClient(CommandService, transport), createClient(QueryService, transport)];
const account = { displayName: "A", kind: AccountKind.USER };
const { accountId: ada } = await commands.registerAccount({ ...account, handle: `ada_${Date.now()}` });
const { accountId: bob } = await commands.registerAccount({ ...account, handle: `bob_${Date.now()}` });
await commands.followAccount({ followerId: bob, followeeId: ada });
const post = (text) => commands.createPost({ requestId: randomUUID(), authorId: ada, text });
const requirement = { case: "atLeastAsFresh", value: (await post("one")).consistencyToken };
let { items, resumeToken } = await queries.getHomeTimeline({ accountId: bob, consistency: { requirement } });
console.log("page:", items[0].post.text);
for (const text of ["two", "three"]) { // Posted while no stream is open; told by the next.
  await post(text);
  for await (const message of queries.streamHomeTimeline({ accountId: bob, resumeToken })) {
    resumeToken = message.resumeToken;
    if (message.event.case !== "item") continue;
    console.log("stream:", message.event.value.item.post.text);
    break; // This cancels the call.
  }
}
const refusal = await post("").catch((error) => ConnectError.from(error));
console.log("refused:", refusal.metadata.get("x-chirp-error-reason"));
process.exit(); // Connections are kept for a while, and would keep Node running.
