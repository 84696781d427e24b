// Chirp from a page, with Connect-ES over gRPC-Web: http://PAGE/?server=http://127.0.0.1:50050
import { ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { AccountKind } from "./gen/chirp/common/v1/common_pb.js";
import { CommandService } from "./gen/chirp/command/v1/command_pb.js";
import { QueryService } from "./gen/chirp/query/v1/query_pb.js";

const transport = createGrpcWebTransport({ baseUrl: new URLSearchParams(location.search).get("server")! });
const [commands, queries] = [createClient(CommandService, transport), createClient(QueryService, transport)];
const account = { displayName: "A", kind: AccountKind.USER };
const { accountId: ada } = await commands.registerAccount({ ...account, handle: `ada_${Date.now()}` });
const { accountId: bob } = await commands.registerAccount({ ...account, handle: `bob_${Date.now()}` });
await commands.followAccount({ followerId: bob, followeeId: ada });
const post = (text: string) => commands.createPost({ requestId: crypto.randomUUID(), authorId: ada, text });
const requirement = { case: "atLeastAsFresh" as const, value: (await post("one")).consistencyToken };
const page = await queries.getHomeTimeline({ accountId: bob, consistency: { requirement } });
console.log(`page: ${page.items[0].post!.text}`);
let [pageResumeToken, resumeToken] = [page.resumeToken, ""]; // Where the first begins; others go on.
for (const text of ["two", "three"]) { // Posted while no call is open; told by the next.
  await post(text);
  for await (const message of queries.subscribe({ viewerAccountId: bob, resumeToken, subscriptions: [
    { subscriptionId: "home", topic: { case: "homeTimeline", value: {} }, pageResumeToken }] })) {
    resumeToken = message.resumeToken;
    if (message.event.case !== "homeTimelineItem") continue;
    console.log(`stream: ${message.event.value.item!.post!.text}`);
    break; // This cancels the call.
  }
}
const refusal = await post("").catch((error) => ConnectError.from(error));
console.log(`refused: ${(refusal as ConnectError).metadata.get("x-chirp-error-reason")}`);
