//! TLS at real servers, with certificates that are made for each test.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use shared::rpc::proto::query::query_service_client::QueryServiceClient;
use shared::rpc::proto::query::{GetAccountRequest, StreamPresenceRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::api::reason;
use crate::process::{Role, Surroundings, chirp, eventually, folder, store_of};

/// Makes a certificate for this machine, and gives it in PEM.
fn make_certificate(folder: &Path) -> String {
    let made =
        rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("it is made");
    // Each is replaced at once, as whoever renews certificates does.
    for (name, text) in [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())] {
        let new = folder.join(format!("{name}.new"));
        std::fs::write(&new, text).expect("it can be written");
        std::fs::rename(&new, folder.join(name)).expect("it can be put in its place");
    }
    made.cert.pem()
}

fn text(path: &Path) -> String {
    path.to_str().expect("it is text").to_owned()
}

async fn serve(folder: &Path) -> Role {
    let (cert, key) = (text(&folder.join("cert.pem")), text(&folder.join("key.pem")));
    let store = store_of(&folder.join("store")).await;
    let arguments = ["--create", "--tls-cert", &cert, "--tls-key", &key];
    Role::start_in(Surroundings::default(), "serve", "--listen", &store, &arguments).await
}

async fn trusting(address: &str, pem: &str) -> Channel {
    let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
    let endpoint =
        Endpoint::from_shared(format!("https://{address}")).expect("a URI").tls_config(config).expect("a certificate");
    endpoint.connect().await.expect("it can be connected to")
}

/// A handshake that offers these protocols.
async fn shake(address: &str, pem: &str, protocols: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is PEM")).expect("it is a certificate");
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("they are known");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("127.0.0.1").expect("a name"), stream).await
}

#[tokio::test]
async fn every_service_answers_by_tls_in_every_way_and_not_without() {
    let folder = folder();
    let pem = make_certificate(folder.path());
    let served = serve(folder.path()).await;
    let mut queries = QueryServiceClient::new(trusting(&served.address, &pem).await);
    let refused = queries.get_account(GetAccountRequest::default()).await.expect_err("no account is named");
    assert_eq!(reason(&refused).as_deref(), Some("ID_MALFORMED"));

    let shaken = shake(&served.address, &pem, &[b"h2", b"http/1.1"]).await.expect("it is trusted");
    assert_eq!(
        shaken.get_ref().1.alpn_protocol(),
        Some(&b"h2"[..]),
        "a browser has all of its streams on one connection"
    );
    let mut plain = shake(&served.address, &pem, &[b"http/1.1"]).await.expect("it is trusted");
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", served.address);
    plain.write_all(request.as_bytes()).await.expect("it is taken");
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.expect("it is answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let listed =
        chirp(&["projection", "list", "--ops", &served.address, "--tls-ca", &text(&folder.path().join("cert.pem"))])
            .await
            .with(0);
    assert!(listed.stdout.contains("posts_1"), "{listed:?}");
    // Whoever speaks no TLS, or says nothing, holds up nobody.
    let mut mute = TcpStream::connect(&served.address).await.expect("it listens");
    let mut wrong = TcpStream::connect(&served.address).await.expect("it listens");
    wrong.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it is taken");
    let mut rest = Vec::new();
    let _ = wrong.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP"), "it is not answered without TLS");
    queries.get_account(GetAccountRequest::default()).await.expect_err("it is still answered");
    mute.shutdown().await.expect("it is still open");
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_and_ends_no_stream() {
    let folder = folder();
    let before = make_certificate(folder.path());
    let served = serve(folder.path()).await;
    let channel = trusting(&served.address, &before).await;
    let mut queries = QueryServiceClient::new(channel.clone());
    let mut commands = shared::rpc::proto::command::command_service_client::CommandServiceClient::new(channel);
    let registered = commands
        .register_account(shared::rpc::proto::command::RegisterAccountRequest {
            handle: "ada".to_owned(),
            display_name: "Ada".to_owned(),
            kind: 1,
            wait_for: 1,
            ..Default::default()
        })
        .await
        .expect("it is registered")
        .into_inner();
    let asked = StreamPresenceRequest { account_id: registered.account_id.clone(), ..Default::default() };
    let mut stream = queries.stream_presence(asked).await.expect("it begins").into_inner();
    stream.message().await.expect("it says so").expect("it says so");

    // What cannot be read takes nothing away.
    std::fs::write(folder.path().join("cert.pem"), "nonsense").expect("it can be written");
    let after = make_certificate(folder.path());
    eventually(
        "the new certificate is shown",
        || async { shake(&served.address, &after, &[b"h2"]).await.is_ok() },
        |is_shown| *is_shown,
    )
    .await;
    assert!(shake(&served.address, &before, &[b"h2"]).await.is_err(), "the one of before is not shown any more");
    let answer = queries.get_account(GetAccountRequest {
        account: Some(shared::rpc::proto::query::get_account_request::Account::AccountId(registered.account_id)),
        ..Default::default()
    });
    assert!(answer.await.is_ok(), "the connection of before goes on");
    drop(stream);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_at_the_start_with_its_file() {
    let folder = folder();
    make_certificate(folder.path());
    let (cert, key) = (text(&folder.path().join("cert.pem")), text(&folder.path().join("key.pem")));
    let other = crate::process::folder();
    make_certificate(other.path());
    let nonsense = folder.path().join("nonsense.pem");
    std::fs::write(&nonsense, json!({}).to_string()).expect("it can be written");
    let store = store_of(&folder.path().join("store")).await;
    for (cert, key, told) in [
        ("/nowhere/cert.pem".to_owned(), key.clone(), "/nowhere/cert.pem"),
        (text(&nonsense), key.clone(), "no certificate"),
        (cert.clone(), cert.clone(), "no private key"),
        (cert.clone(), text(&other.path().join("key.pem")), "key.pem"),
    ] {
        let arguments =
            ["serve", "--store", &store, "--create", "--listen", "127.0.0.1:0", "--tls-cert", &cert, "--tls-key", &key];
        let refused = chirp(&arguments).await.with(2);
        assert!(refused.stderr.contains(told), "{refused:?}");
    }
    let alone = chirp(&["serve", "--store", &store, "--listen", "127.0.0.1:0", "--tls-cert", &cert]).await.with(2);
    assert!(alone.stderr.contains("--tls-key"), "{alone:?}");
}
