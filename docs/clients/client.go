package main // Chirp from Go, with grpc-go: client 127.0.0.1:50050
import ("context"; "fmt"; "os"; "time"; "google.golang.org/grpc"; "google.golang.org/grpc/metadata"
	command "chirp/gen/command/v1"; common "chirp/gen/common/v1"; query "chirp/gen/query/v1")
func must[T any](answer T, err error) T { if err != nil { panic(err) }; return answer }
func main() {
	ctx, now := context.Background(), time.Now().UnixNano()
	server := must(grpc.Dial(os.Args[1], grpc.WithInsecure()))
	commands, queries := command.NewCommandServiceClient(server), query.NewQueryServiceClient(server)
	account := &command.RegisterAccountRequest{DisplayName: "A", Kind: common.AccountKind_ACCOUNT_KIND_USER}
	account.Handle = fmt.Sprint("ada_", now); ada := must(commands.RegisterAccount(ctx, account)).AccountId
	account.Handle = fmt.Sprint("bob_", now); bob := must(commands.RegisterAccount(ctx, account)).AccountId
	must(commands.FollowAccount(ctx, &command.FollowAccountRequest{FollowerId: bob, FolloweeId: ada}))
	post := &command.CreatePostRequest{AuthorId: ada, Text: "one"}
	written := &query.Consistency_AtLeastAsFresh{must(commands.CreatePost(ctx, post)).ConsistencyToken}
	home := &query.GetHomeTimelineRequest{AccountId: bob, Consistency: &query.Consistency{Requirement: written}}
	page := must(queries.GetHomeTimeline(ctx, home))
	fmt.Println("page:", page.Items[0].Post.Text)
	from := &query.StreamHomeTimelineRequest{AccountId: bob, ResumeToken: page.ResumeToken}
	for _, post.Text = range []string{"two", "three"} { // Posted while no stream is open; told by the next.
		must(commands.CreatePost(ctx, post))
		call, cancel := context.WithCancel(ctx)
		stream := must(queries.StreamHomeTimeline(call, from))
		message := must(stream.Recv()); for message.GetItem() == nil { message = must(stream.Recv()) }
		fmt.Println("stream:", message.GetItem().Item.Post.Text)
		from.ResumeToken = message.ResumeToken; cancel()
	}
	var trailer metadata.MD
	commands.CreatePost(ctx, &command.CreatePostRequest{AuthorId: ada}, grpc.Trailer(&trailer)) // No text.
	fmt.Println("refused:", trailer.Get("x-chirp-error-reason")[0])
}
