# Chirp from Python, with grpcio: client.py 127.0.0.1:50050
import sys, uuid, grpc
from chirp.command.v1 import account_pb2, command_pb2_grpc, post_pb2, relationship_pb2
from chirp.query.v1 import home_stream_pb2, query_pb2_grpc, timeline_pb2

channel = grpc.insecure_channel(sys.argv[1])
commands, queries = command_pb2_grpc.CommandServiceStub(channel), query_pb2_grpc.QueryServiceStub(channel)
def register(name):
    account = {"handle": f"{name}_{uuid.uuid4().hex[:8]}", "display_name": name, "kind": "ACCOUNT_KIND_USER"}
    return commands.RegisterAccount(account_pb2.RegisterAccountRequest(**account)).account_id
def post(text):  # With a request id, sending the request again after a failure makes no second post.
    request = post_pb2.CreatePostRequest(request_id=str(uuid.uuid4()), author_id=ada, text=text)
    return commands.CreatePost(request).consistency_token

ada, bob = register("ada"), register("bob")
commands.FollowAccount(relationship_pb2.FollowAccountRequest(follower_id=bob, followee_id=ada))
written = {"at_least_as_fresh": post("one")}
page = queries.GetHomeTimeline(timeline_pb2.GetHomeTimelineRequest(account_id=bob, consistency=written))
print("page:", page.items[0].post.text)
token = page.resume_token
for text in "two", "three":  # Posted while no stream is open; told by the next.
    post(text)
    request = home_stream_pb2.StreamHomeTimelineRequest(account_id=bob, resume_token=token)
    stream = queries.StreamHomeTimeline(request)
    message = next(message for message in stream if message.HasField("item"))
    print("stream:", message.item.item.post.text)
    token = message.resume_token
    stream.cancel()
try: post("")
except grpc.RpcError as refusal: print("refused:", dict(refusal.trailing_metadata())["x-chirp-error-reason"])
