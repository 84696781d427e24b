//! How a process ends that nobody asked to, and one that is asked twice. The usual end is in `roles`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

use crate::api::{Api, reason, registration};
use crate::process::{Dev, Process, Role, folder, verified};

const WRITER_PANICS: &str = "shared::log::writer=panic(as a test wants it)";
/// A grace period in seconds that outlasts any test.
const LONGER_THAN_DEADLINE: &str = "600";

/// A process whose log's writer panics ends with that as its message, and was not ready before it was gone.
async fn ends_with_the_panic(api: &Api, process: &mut Process) {
    let refused = api.commands.clone().register_account(registration("ada")).await.expect_err("nobody writes it");
    assert_eq!((refused.code(), reason(&refused).as_deref()), (Code::Unavailable, Some("STORE_UNAVAILABLE")));
    assert_eq!(process.ended().await.code(), Some(1));
    let said = process.said();
    let says = |words: &str| said.iter().any(|line| line.contains(words));
    assert!(says("error: log writer panicked: as a test wants it"), "its last word is the cause");
    assert!(says("draining, since log writer panicked: as a test wants it"), "it is logged");
    assert!(says("check tasks fails: log writer panicked: as a test wants it"), "and seen in the readiness");
}

#[tokio::test]
async fn the_panic_of_a_task_that_nobody_waits_for_ends_the_process_with_that_cause() {
    let folder = folder();
    let mut dev = Dev::start_failing(folder.path(), WRITER_PANICS).await;
    ends_with_the_panic(&dev.api, &mut dev.process).await;
    let mut commands = Role::start_failing("command-server", "--listen", folder.path(), WRITER_PANICS).await;
    let api = Api::new(&commands.address, &commands.address, &commands.address);
    ends_with_the_panic(&api, &mut commands.process).await;
    // What it leaves is whole.
    let dev = Dev::start(folder.path()).await;
    dev.api.register("ada").await;
    verified(folder.path()).await;
}

/// A call of which the server waits for the message, for half a minute.
async fn call_without_a_message(address: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.expect("it listens");
    let method = "POST /chirp.query.v1.QueryService/GetAccount HTTP/1.1";
    let headers = "content-type: application/grpc-web+proto\r\ncontent-length: 5\r\nexpect: 100-continue";
    let call = format!("{method}\r\nhost: {address}\r\n{headers}\r\n\r\n");
    connection.write_all(call.as_bytes()).await.expect("it takes a call");
    // It says so when it begins to wait.
    let mut go_on = [0; 12];
    connection.read_exact(&mut go_on).await.expect("it answers");
    assert_eq!(&go_on, b"HTTP/1.1 100");
    connection
}

#[tokio::test]
async fn whoever_asks_a_process_twice_to_stop_does_not_wait_for_open_calls() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT")] {
        let folder = folder();
        let mut dev = Dev::start_with(folder.path(), &["--grace-period", LONGER_THAN_DEADLINE, "--log", "info"]).await;
        let _open = call_without_a_message(&dev.query).await;
        dev.process.signal(first);
        dev.process.says(|line| line.contains(&format!("SIG{first}: draining")).then_some(())).await;
        dev.process.signal(second);
        let again = format!("SIG{second}, again: what still runs is cut: ");
        let cut = dev.process.says(|line| line.split_once(&again).map(|(_, cut)| cut.to_owned())).await;
        assert!(cut.contains("query server"), "{cut}");
        assert_eq!(dev.process.ended().await.code(), Some(0), "after SIG{first} and SIG{second}");
        let dev = Dev::start(folder.path()).await;
        dev.api.register("bob").await;
        verified(folder.path()).await;
    }
}
