// What a web application does: it registers two accounts, lets one follow the other, and waits for what that one posts to come over
// the stream. It is the same in a browser and in Node.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { AccountKind } from "./generated/chirp/common/v1/common_pb.js";
import { CommandService } from "./generated/chirp/command/v1/command_pb.js";
import { QueryService } from "./generated/chirp/query/v1/query_pb.js";

const TOKEN = "x-chirp-consistency-token";

// Plays with the servers that these transports lead to, and tells what happened.
export async function play(transports) {
  const commands = createClient(CommandService, transports.commands);
  const queries = createClient(QueryService, transports.queries);

  async function register(handle) {
    const answer = await commands.registerAccount({
      requestId: crypto.randomUUID(),
      kind: AccountKind.USER,
      handle,
      displayName: handle,
    });
    return answer.accountId;
  }

  // What a client can tell of a refusal.
  async function refusal(author) {
    try {
      await commands.createPost({ requestId: crypto.randomUUID(), authorId: author, text: "" });
    } catch (error) {
      const { code, details, metadata } = ConnectError.from(error);
      const reason = metadata.get("x-chirp-error-reason");
      return { code: Code[code], details: details.map((detail) => detail.type), reason };
    }
    throw new Error("an empty post was taken");
  }

  async function refusedStream() {
    try {
      for await (const message of queries.streamHomeTimeline({ accountId: "nobody" })) {
        throw new Error(`a stream of nobody said ${message.event.case}`);
      }
    } catch (error) {
      return Code[ConnectError.from(error).code];
    }
    throw new Error("a stream of nobody has ended well");
  }

  // Twenty subscriptions in one call, while other calls are answered: a browser has six connections to a server, and a stream takes one.
  async function subscribed(account, postId) {
    const topics = [
      { case: "homeTimeline", value: {} },
      { case: "notifications", value: {} },
      { case: "presence", value: {} },
      { case: "accountState", value: {} },
      { case: "watchPosts", value: { postIds: [postId] } },
    ];
    while (topics.length < 20) {
      topics.push({ case: "post", value: { postId } });
    }
    const subscriptions = topics.map((topic, number) => ({ subscriptionId: `s${number}`, topic }));
    const caughtUp = new Set();
    let answered = 0;
    for await (const message of queries.subscribe({ viewerAccountId: account, subscriptions })) {
      if (message.event.case === "caughtUp" && caughtUp.add(message.subscriptionId).size === topics.length) {
        for (const _ of topics) {
          await queries.getPost({ postId });
          answered += 1;
        }
        await commands.likePost({ requestId: crypto.randomUUID(), accountId: account, postId });
      }
      if (message.event.case === "postState") {
        return { caughtUp: caughtUp.size, answered, liked: message.event.value.liked };
      }
    }
    throw new Error("the call has ended");
  }

  const ada = await register("ada");
  const bob = await register("bob");
  let token;
  await commands.followAccount(
    { requestId: crypto.randomUUID(), followerId: bob, followeeId: ada },
    { onHeader: (headers) => (token = headers.get(TOKEN)) },
  );
  const page = await queries.getHomeTimeline({ accountId: bob }, { headers: { [TOKEN]: token }, timeoutMs: 60_000 });
  const stream = queries.streamHomeTimeline({ accountId: bob, resumeToken: page.resumeToken });
  const heard = [];
  for await (const message of stream) {
    heard.push(message.event.case);
    if (message.event.case === "caughtUp") {
      await commands.createPost({ requestId: crypto.randomUUID(), authorId: ada, text: "hello, browser" });
    }
    if (message.event.case === "item") {
      const { text, postId } = message.event.value.item.post;
      const together = await subscribed(bob, postId);
      return { heard, text, refusal: await refusal(ada), refusedStream: await refusedStream(), together };
    }
  }
  throw new Error("the stream has ended");
}
