// Chirp from Java, with grpc-java: java Client 127.0.0.1:50050
import com.chirp.command.v1.*; import com.chirp.query.v1.*;
import com.chirp.common.v1.*; import io.grpc.*;
class Client {
  public static void main(String[] server) throws Exception {
    var channel = ManagedChannelBuilder.forTarget(server[0]).usePlaintext().build();
    var commands = CommandServiceGrpc.newBlockingStub(channel);
    var queries = QueryServiceGrpc.newBlockingStub(channel);
    var a = RegisterAccountRequest.newBuilder().setDisplayName("A").setKind(AccountKind.ACCOUNT_KIND_USER);
    var ada = commands.registerAccount(a.setHandle("ada_" + System.nanoTime()).build()).getAccountId();
    var bob = commands.registerAccount(a.setHandle("bob_" + System.nanoTime()).build()).getAccountId();
    commands.followAccount(FollowAccountRequest.newBuilder().setFollowerId(bob).setFolloweeId(ada).build());
    var post = CreatePostRequest.newBuilder().setAuthorId(ada);
    var written = commands.createPost(post.setText("one").build()).getConsistencyToken();
    var page = queries.getHomeTimeline(GetHomeTimelineRequest.newBuilder().setAccountId(bob)
        .setConsistency(Consistency.newBuilder().setAtLeastAsFresh(written)).build());
    System.out.println("page: " + page.getItems(0).getPost().getText());
    var from = StreamHomeTimelineRequest.newBuilder().setAccountId(bob).setResumeToken(page.getResumeToken());
    for (var text : new String[] {"two", "three"}) { // Posted while no stream is open; told by the next.
      commands.createPost(post.setText(text).build());
      try (var call = Context.current().withCancellation()) { // Its end cancels the call.
        var stream = call.call(() -> queries.streamHomeTimeline(from.build()));
        var message = stream.next(); while (!message.hasItem()) message = stream.next();
        System.out.println("stream: " + message.getItem().getItem().getPost().getText());
        from.setResumeToken(message.getResumeToken());
    } }
    var reason = Metadata.Key.of("x-chirp-error-reason", Metadata.ASCII_STRING_MARSHALLER);
    try { commands.createPost(post.setText("").build()); }
    catch (StatusRuntimeException e) { System.out.println("refused: " + e.getTrailers().get(reason)); }
}}
