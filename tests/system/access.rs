//! Who may call what: every method of the contract by every kind of caller, at a real server that trusts a real issuer.
//!
//! What is expected is worked out here from the options of the contract, apart from the code that enforces them, and compared with the reasons
//! that clients get by gRPC, gRPC-Web and JSON; a refused call appends nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use ::issuer::{Issuer, Key, Published};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use serde_json::{Value, json};
use shared::rpc::auth::access::{Access, EVERY};
use shared::rpc::proto::DESCRIPTORS;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Channel;

use crate::api::{channel, reason};
use crate::process::{Process, Role, Surroundings, chirp, folder, store_of};
use crate::raw::call_as;
use crate::web::{envelope, send};

const AUDIENCE: &str = "chirp";
/// The reasons for which a caller is not let in.
const REFUSALS: [&str; 15] = [
    "AUTHENTICATION_REQUIRED",
    "CREDENTIALS_MALFORMED",
    "TOKEN_ALGORITHM_NOT_ALLOWED",
    "TOKEN_SIGNATURE_INVALID",
    "TOKEN_EXPIRED",
    "TOKEN_NOT_YET_VALID",
    "TOKEN_ISSUER_MISMATCH",
    "TOKEN_AUDIENCE_MISMATCH",
    "TOKEN_CLAIMS_INVALID",
    "API_KEY_UNKNOWN",
    "API_KEY_REVOKED",
    "AUTHENTICATION_UNAVAILABLE",
    "ACCOUNT_MISMATCH",
    "SCOPE_MISSING",
    "ROLE_MISSING",
];

/// All roles on one address, an issuer that they trust, and two accounts.
struct Stage {
    served: Role,
    issuer: Issuer,
    key: Key,
    ada: String,
    bob: String,
    _folder: TempDir,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_secs()
}

impl Stage {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(more: &[&str]) -> Self {
        let key = Key::p256("key-1");
        let issuer = Issuer::start("127.0.0.1:0".parse().expect("an address"), vec![key.public()]).await;
        let folder = folder();
        let trusting = [
            "--create",
            "--jwt-issuer",
            &issuer.name,
            "--jwt-audience",
            AUDIENCE,
            "--jwt-service-claim",
            "service",
            "--jwt-scopes-claim",
            "scope",
            "--jwt-roles-claim",
            "roles",
        ];
        let arguments = [&trusting, more].concat();
        let store = store_of(folder.path()).await;
        let served = Role::start_in(Surroundings::default(), "serve", "--listen", &store, &arguments).await;
        let mut stage = Self { served, issuer, key, ada: String::new(), bob: String::new(), _folder: folder };
        stage.ada = stage.register("ada").await;
        stage.bob = stage.register("bob").await;
        stage
    }

    /// A token with these claims beside those that every token has.
    fn token(&self, claims: &Value) -> String {
        self.key.sign(&self.claims(claims))
    }

    fn claims(&self, more: &Value) -> Value {
        let mut claims = json!({"iss": self.issuer.name, "aud": AUDIENCE, "iat": now(), "exp": now() + 3_600});
        for (claim, value) in more.as_object().expect("claims are an object") {
            claims[claim] = value.clone();
        }
        claims
    }

    fn account(&self, account: &str) -> String {
        self.token(&json!({"sub": account}))
    }

    fn service(&self, scopes: &str) -> String {
        self.token(&json!({"service": "backend", "scope": scopes}))
    }

    async fn json(&self, path: &str, authorization: Option<&str>, body: &Value) -> (u16, Value) {
        let bearer = authorization.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let answer =
            send(&self.served.address, "POST", &format!("/{path}"), &headers, body.to_string().as_bytes()).await;
        (answer.status, answer.json())
    }

    async fn register(&self, handle: &str) -> String {
        let body = json!({"handle": handle, "displayName": handle, "kind": "ACCOUNT_KIND_USER", "waitFor": "WAIT_FOR_PROJECTED"});
        let backend = self.service("accounts:register");
        let (status, answer) =
            self.json("chirp.command.v1.CommandService/RegisterAccount", Some(&backend), &body).await;
        assert_eq!(status, 200, "{answer}");
        answer["accountId"].as_str().expect("an id").to_owned()
    }

    /// The position of the last event.
    async fn head(&self) -> u64 {
        let operator = self.token(&json!({"sub": self.ada, "roles": ["administrator"]}));
        let (mut head, mut page_token) = (0, String::new());
        loop {
            let body = json!({"pageSize": 200, "pageToken": page_token});
            let (status, page) = self.json("chirp.admin.v1.AdminService/ReadEvents", Some(&operator), &body).await;
            assert_eq!(status, 200, "{page}");
            let events = page["events"].as_array().cloned().unwrap_or_default();
            let last = events.last().and_then(|event| event["position"].as_str()?.parse().ok());
            head = last.unwrap_or(head);
            match page["nextPageToken"].as_str() {
                Some(next) => page_token = next.to_owned(),
                None => return head,
            }
        }
    }
}

/// Who calls.
struct Caller {
    called: &'static str,
    token: Option<String>,
    /// The reason that whoever has such credentials always gets.
    refused: Option<&'static str>,
    account: Option<String>,
    scope: bool,
    roles: &'static [&'static str],
}

impl Caller {
    fn of(called: &'static str, token: Option<String>) -> Self {
        Self { called, token, refused: None, account: None, scope: false, roles: &[] }
    }

    fn refused(called: &'static str, token: String, reason: &'static str) -> Self {
        Self { refused: Some(reason), ..Self::of(called, Some(token)) }
    }
}

/// Every kind of caller, for a method.
fn callers(stage: &Stage, access: &Access) -> Vec<Caller> {
    let (ada, bob) = (&stage.ada, &stage.bob);
    let stranger = Key::p256("key-1");
    let lesser = access.lesser.map(|(_, scope)| scope);
    let mut callers = vec![
        Caller::of("nobody", None),
        Caller::refused("an expired token", stage.token(&json!({"sub": ada, "exp": now() - 3_600})), "TOKEN_EXPIRED"),
        Caller::refused(
            "another audience",
            stage.token(&json!({"sub": ada, "aud": "other"})),
            "TOKEN_AUDIENCE_MISMATCH",
        ),
        Caller::refused("another key", stranger.sign(&stage.claims(&json!({"sub": ada}))), "TOKEN_SIGNATURE_INVALID"),
        Caller { account: Some(ada.clone()), ..Caller::of("the account itself", Some(stage.account(ada))) },
        Caller { account: Some(bob.clone()), ..Caller::of("another account", Some(stage.account(bob))) },
        Caller::of("a service without the scope", Some(stage.service("other:scope"))),
    ];
    if !access.scope.is_empty() {
        let token = Some(stage.service(access.scope));
        callers.push(Caller { scope: true, ..Caller::of("a service with the scope", token) });
    }
    if let Some(scope) = lesser {
        let token = Some(stage.service(scope));
        callers.push(Caller::of("a service with the lesser scope", token));
    }
    if !access.scope.is_empty() {
        let token = stage.token(&json!({"sub": bob, "scope": access.scope}));
        callers.push(Caller {
            account: Some(bob.clone()),
            ..Caller::of("an account whose token has the scope", Some(token))
        });
    }
    for (called, role) in [("a moderator", &["moderator"]), ("an administrator", &["administrator"])] {
        let token = Some(stage.token(&json!({"sub": bob, "roles": role})));
        callers.push(Caller { account: Some(bob.clone()), roles: role, ..Caller::of(called, token) });
    }
    callers
}

/// The reason that a caller must get who asks for this account; nothing if it is let in.
fn expected(access: &Access, caller: &Caller, named: &str) -> Option<&'static str> {
    if caller.refused.is_some() {
        return caller.refused;
    }
    let is_it = !access.accounts.is_empty() && caller.account.as_deref() == Some(named);
    let role = access.role.map(|role| role.as_str_name().trim_start_matches("ROLE_").to_ascii_lowercase());
    let has_role = role.as_deref().is_some_and(|role| caller.roles.contains(&role));
    let is_public = access.anybody && named.is_empty();
    if is_it || has_role || is_public || caller.scope {
        return None;
    }
    Some(match (&caller.token, &caller.account) {
        (None, _) => "AUTHENTICATION_REQUIRED",
        (Some(_), Some(_)) if !access.accounts.is_empty() => "ACCOUNT_MISMATCH",
        (Some(_), Some(_)) if access.role.is_some() => "ROLE_MISSING",
        (Some(_), _) => "SCOPE_MISSING",
    })
}

/// The method, with the numbers of the fields that are filled, and whether either side streams.
struct Method {
    fields: Vec<(String, i32)>,
    client_streams: bool,
    server_streams: bool,
}

fn method(full_name: &str) -> Method {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    for file in &files {
        for service in &file.service {
            for method in &service.method {
                if format!("{}.{}/{}", file.package(), service.name(), method.name()) != full_name {
                    continue;
                }
                let input = method.input_type().rsplit('.').next().expect("it has a name");
                let mut messages =
                    files.iter().filter(|other| method.input_type().starts_with(&format!(".{}.", other.package())));
                let message =
                    messages.find_map(|file| file.message_type.iter().find(|message| message.name() == input));
                let fields = &message.expect("it is described").field;
                return Method {
                    fields: fields.iter().map(|field| (field.name().to_owned(), field.number())).collect(),
                    client_streams: method.client_streaming(),
                    server_streams: method.server_streaming(),
                };
            }
        }
    }
    panic!("{full_name} is not in the contract");
}

/// A request that names this account where the access says, as protobuf.
fn bytes(access: &Access, method: &Method, named: &str) -> Vec<u8> {
    let mut message = Vec::new();
    for field in access.accounts.iter().filter(|_| !named.is_empty()) {
        let Some((_, number)) = method.fields.iter().find(|(name, _)| name == field) else { continue };
        prost::encoding::string::encode(u32::try_from(*number).expect("it is small"), &named.to_owned(), &mut message);
    }
    message
}

fn as_json(access: &Access, named: &str) -> Value {
    let mut body = json!({});
    for field in access.accounts.iter().filter(|_| !named.is_empty()) {
        body[*field] = json!(named);
    }
    body
}

/// The reason that a method answers by gRPC-Web, from the trailers wherever they stand.
async fn by_grpc_web(stage: &Stage, path: &str, token: Option<&str>, message: &[u8]) -> Option<String> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/grpc-web+proto"), ("x-grpc-web", "1")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let answer = send(&stage.served.address, "POST", path, &headers, &envelope(0, message)).await;
    let text = String::from_utf8_lossy(&answer.body);
    let in_body = text
        .split("x-chirp-error-reason:")
        .nth(1)
        .map(|rest| rest.split("\r\n").next().unwrap_or_default().trim().to_owned());
    answer.header("x-chirp-error-reason").map(str::to_owned).or(in_body)
}

fn refusal(reason: Option<String>) -> Option<String> {
    reason.filter(|reason| REFUSALS.contains(&reason.as_str()))
}

/// What was compared.
#[derive(Default)]
struct Compared {
    answers: usize,
    wrong: Vec<String>,
}

impl Compared {
    /// Calls the method in each way, and compares the reasons.
    async fn call(&mut self, stage: &Stage, connection: &Channel, access: &Access, (caller, named): (&Caller, &str)) {
        let (method, path) = (method(access.method), format!("/{}", access.method));
        // What a client streams is judged message by message.
        let named = if method.client_streams { "" } else { named };
        let expected = expected(access, caller, named);
        // An endless answer is read to its end by gRPC-Web, and may not even begin by gRPC.
        let is_endless = method.server_streams && expected.is_none();
        let token = caller.token.as_deref();
        let message = bytes(access, &method, named);
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut got = Vec::new();
        if !is_endless || !path.contains("AdminService") {
            let answered = call_as(connection, &path, message.clone(), bearer.as_deref()).await;
            got.push(("gRPC", refusal(answered.err().and_then(|status| reason(&status)))));
        }
        if !is_endless {
            got.push(("gRPC-Web", refusal(by_grpc_web(stage, &path, token, &message).await)));
        }
        if !method.server_streams && !method.client_streams {
            let (_, answer) = stage.json(access.method, token, &as_json(access, named)).await;
            let told = answer["details"][0]["debug"]["reason"].as_str().map(str::to_owned);
            got.push(("JSON", refusal(told)));
        }
        for (protocol, got) in got {
            self.answers += 1;
            if got.as_deref() != expected {
                let whom = if named.is_empty() { "nobody" } else { "ada" };
                self.wrong.push(format!(
                    "{} by {protocol}, {} naming {whom}: {got:?}, must be {expected:?}",
                    access.method, caller.called
                ));
            }
        }
    }
}

#[tokio::test]
async fn every_method_lets_in_whom_the_contract_names_and_nobody_else() {
    let limits = ["anonymous", "account"]
        .map(|kind| ["commands", "reads", "streams", "operators"].map(|group| format!("{kind}.{group}=off")).join(","));
    let stage = Stage::start_with(&["--rate-limit", &limits.join(",")]).await;
    let connection = channel(&stage.served.address);
    let before = stage.head().await;
    let mut compared = Compared::default();
    // Whoever is let in may change something, so that is tried when it is known that the others have changed nothing.
    for is_let_in in [false, true] {
        for access in EVERY {
            for caller in callers(&stage, access) {
                for named in ["", &stage.ada] {
                    if expected(access, &caller, named).is_none() == is_let_in {
                        compared.call(&stage, &connection, access, (&caller, named)).await;
                    }
                }
            }
        }
        if !is_let_in {
            assert_eq!(stage.head().await, before, "whoever was refused has changed nothing");
        }
    }
    let Compared { answers, wrong } = compared;
    assert!(answers > 2_000, "{answers} answers were compared");
    assert!(wrong.is_empty(), "{} of {answers}:\n{}", wrong.len(), wrong.join("\n"));
}

const CREATE: &str = "chirp.command.v1.CommandService/CreatePost";
const HOME: &str = "chirp.query.v1.QueryService/GetHomeTimeline";

#[tokio::test]
async fn an_account_acts_and_looks_as_itself_and_its_events_and_request_ids_are_its_own() {
    let stage = Stage::start().await;
    let (ada, bob) = (stage.account(&stage.ada), stage.account(&stage.bob));
    let id = "0190a1b2-0000-7000-8000-000000000001";
    let post =
        |author: &str| json!({"authorId": author, "text": "hello", "requestId": id, "waitFor": "WAIT_FOR_PROJECTED"});
    let (status, first) = stage.json(CREATE, Some(&ada), &post(&stage.ada)).await;
    assert_eq!(status, 200, "{first}");
    let (_, again) = stage.json(CREATE, Some(&ada), &post(&stage.ada)).await;
    assert_eq!(again["postId"], first["postId"], "the same request is answered the same");
    let (status, other) = stage.json(CREATE, Some(&bob), &post(&stage.bob)).await;
    assert_eq!(status, 200, "the id of another caller is another id: {other}");
    let (status, denied) = stage.json(CREATE, Some(&bob), &post(&stage.ada)).await;
    assert_eq!(
        (status, denied["details"][0]["debug"]["reason"].as_str()),
        (403, Some("ACCOUNT_MISMATCH")),
        "also where it would be answered from before"
    );
    let (status, page) = stage.json(HOME, Some(&ada), &json!({"accountId": stage.ada})).await;
    assert_eq!((status, page["items"].as_array().map(Vec::len)), (200, Some(1)), "{page}");
    let operator = stage.token(&json!({"sub": stage.ada, "roles": ["administrator"]}));
    let (_, events) =
        stage.json("chirp.admin.v1.AdminService/ReadEvents", Some(&operator), &json!({"type": "post.created"})).await;
    let principals: Vec<&str> =
        events["events"].as_array().expect("events").iter().filter_map(|event| event["principal"].as_str()).collect();
    assert_eq!(principals, [format!("account:{}", stage.ada), format!("account:{}", stage.bob)]);
}

#[tokio::test]
async fn a_service_that_may_not_read_contents_reads_events_without_them() {
    let stage = Stage::start().await;
    let (ada, reader) = (stage.account(&stage.ada), stage.service("events:read"));
    stage.json(CREATE, Some(&ada), &json!({"authorId": stage.ada, "text": "a secret"})).await;
    const READ: &str = "chirp.admin.v1.AdminService/ReadEvents";
    let (status, denied) = stage.json(READ, Some(&reader), &json!({})).await;
    assert_eq!((status, denied["details"][0]["debug"]["reason"].as_str()), (403, Some("SCOPE_MISSING")));
    let (status, page) = stage.json(READ, Some(&reader), &json!({"withoutContent": true})).await;
    assert_eq!(status, 200, "{page}");
    assert!(page["events"].as_array().is_some_and(|events| events.len() > 2), "{page}");
    assert!(!page.to_string().contains("a secret") && !page.to_string().contains("payloadJson"), "{page}");
}

#[tokio::test]
async fn what_is_wrong_with_credentials_is_told_by_a_reason_of_its_own_and_no_secret_is_repeated() {
    let stage = Stage::start().await;
    let ada = &stage.ada;
    let body = json!({"accountId": ada});
    let good = stage.account(ada);
    let claims = stage.claims(&json!({"sub": ada}));
    let header = |alg: &str| json!({"alg": alg, "kid": "key-1"});
    let with = |claim: &str, value: Value| stage.token(&json!({"sub": ada, claim: value}));
    let unsigned = stage.key.sign_as(&header("none"), &claims);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').expect("three parts").0);
    let cases = [
        ("alg none", unsigned, "TOKEN_ALGORITHM_NOT_ALLOWED"),
        ("HMAC with the public key", stage.key.sign_as(&header("HS256"), &claims), "TOKEN_ALGORITHM_NOT_ALLOWED"),
        ("an algorithm of another key", stage.key.sign_as(&header("RS256"), &claims), "TOKEN_SIGNATURE_INVALID"),
        (
            "an unknown key id",
            stage.key.sign_as(&json!({"alg": "ES256", "kid": "other"}), &claims),
            "TOKEN_SIGNATURE_INVALID",
        ),
        (
            "a critical header",
            stage.key.sign_as(&json!({"alg": "ES256", "crit": ["b64"]}), &claims),
            "CREDENTIALS_MALFORMED",
        ),
        ("not yet valid", with("nbf", json!(now() + 3_600)), "TOKEN_NOT_YET_VALID"),
        ("an end that is text", with("exp", json!("never")), "TOKEN_CLAIMS_INVALID"),
        ("without an end", with("exp", Value::Null), "TOKEN_CLAIMS_INVALID"),
        ("another issuer", with("iss", json!("https://issuer.example")), "TOKEN_ISSUER_MISMATCH"),
        ("without an audience", with("aud", Value::Null), "TOKEN_AUDIENCE_MISMATCH"),
        ("a subject that is no account id", with("sub", json!("ada")), "TOKEN_CLAIMS_INVALID"),
        ("a text that is no token", "abc".to_owned(), "CREDENTIALS_MALFORMED"),
        ("9 KiB", "a".repeat(9 * 1_024), "CREDENTIALS_MALFORMED"),
        (
            "a changed claim",
            {
                let parts: Vec<&str> = good.split('.').collect();
                let other = stage.account(&stage.bob);
                format!("{}.{}.{}", parts[0], other.split('.').nth(1).expect("three parts"), parts[2])
            },
            "TOKEN_SIGNATURE_INVALID",
        ),
    ];
    for (what, token, expected) in cases {
        let (status, answer) = stage.json(HOME, Some(&token), &body).await;
        let got = answer["details"][0]["debug"]["reason"].as_str();
        assert_eq!((status, got), (401, Some(expected)), "{what}: {answer}");
        let signature = token.rsplit('.').next().unwrap_or_default();
        assert!(signature.len() < 8 || !answer.to_string().contains(signature), "{what}: {answer}");
    }
    let (status, _) = stage.json(HOME, Some(&good), &body).await;
    assert_eq!(status, 200);
    let bearer = format!("Bearer {good}");
    let twice = [("content-type", "application/json"), ("authorization", &bearer), ("authorization", &bearer)];
    let answer = send(&stage.served.address, "POST", &format!("/{HOME}"), &twice, body.to_string().as_bytes()).await;
    assert_eq!((answer.status, answer.header("x-chirp-error-reason")), (401, Some("CREDENTIALS_MALFORMED")));
    let basic = [("content-type", "application/json"), ("authorization", "Basic YWRhOnNlY3JldA==")];
    let answer = send(&stage.served.address, "POST", &format!("/{HOME}"), &basic, body.to_string().as_bytes()).await;
    assert_eq!((answer.status, answer.header("x-chirp-error-reason")), (401, Some("CREDENTIALS_MALFORMED")));
    let said = stage.served.process.said().join("\n");
    assert!(!said.contains(good.rsplit('.').next().expect("a signature")), "no token is logged");
}

#[tokio::test]
async fn an_issuer_is_asked_once_for_a_thousand_unknown_keys_and_what_it_publishes_wrongly_takes_nothing_away() {
    let stage = Stage::start_with(&["--rate-limit", "anonymous.reads=off"]).await;
    let asked = stage.issuer.asked();
    let body = json!({"accountId": stage.ada});
    let claims = stage.claims(&json!({"sub": stage.ada}));
    for number in 0..1_000 {
        let token = stage.key.sign_as(&json!({"alg": "ES256", "kid": format!("unknown-{number}")}), &claims);
        let (status, _) = stage.json(HOME, Some(&token), &body).await;
        assert_eq!(status, 401);
    }
    assert!(stage.issuer.asked() <= asked + 1, "{} times", stage.issuer.asked() - asked);
    for published in [Published::Text("<html>".to_owned()), Published::Bytes(10 * 1_024 * 1_024), Published::Failure] {
        stage.issuer.publish(published);
        let (status, answer) = stage.json(HOME, Some(&stage.account(&stage.ada)), &body).await;
        assert_eq!(status, 200, "known keys serve: {answer}");
    }
}

#[tokio::test]
async fn keys_of_every_kind_verify_and_a_server_without_keys_says_that_it_cannot_tell() {
    let folder = folder();
    let keys = [Key::rsa("one"), Key::p256("two"), Key::ed25519("three")];
    let file = folder.path().join("keys.json");
    std::fs::write(&file, json!({"keys": keys.each_ref().map(Key::public)}).to_string()).expect("it can be written");
    let arguments = ["--create", "--jwt-keys", file.to_str().expect("it is text")];
    let store = store_of(&folder.path().join("store")).await;
    let served = Role::start_in(Surroundings::default(), "serve", "--listen", &store, &arguments).await;
    let account = "0190a1b2-0000-7000-8000-000000000001";
    for key in &keys {
        let token = key.sign(&json!({"sub": account, "exp": now() + 60}));
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let body = json!({"accountId": account}).to_string();
        let answer = send(&served.address, "POST", &format!("/{HOME}"), &headers, body.as_bytes()).await;
        assert_eq!(
            answer.header("x-chirp-error-reason"),
            Some("ACCOUNT_NOT_FOUND"),
            "{}: it is let in",
            key.algorithm()
        );
    }
    drop(served);

    // Discovery that names another issuer, so that there are never any keys.
    let issuer = Issuer::start("127.0.0.1:0".parse().expect("an address"), vec![keys[1].public()]).await;
    issuer.call_itself("https://issuer.example");
    let store = store_of(&folder.path().join("other")).await;
    let arguments = ["--create", "--jwt-issuer", &issuer.name];
    let served = Role::start_in(Surroundings::default(), "serve", "--listen", &store, &arguments).await;
    let token = keys[1].sign(&json!({"iss": issuer.name, "sub": account, "exp": now() + 60}));
    let bearer = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let answer = send(&served.address, "POST", &format!("/{HOME}"), &headers, b"{}").await;
    assert_eq!((answer.status, answer.header("x-chirp-error-reason")), (503, Some("AUTHENTICATION_UNAVAILABLE")));
}

#[tokio::test]
async fn a_server_that_authenticates_nobody_listens_on_this_machine_only_unless_it_is_told_that_this_is_insecure() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let refused = chirp(&["serve", "--store", &store, "--create", "--listen", "0.0.0.0:0"]).await.with(2);
    assert!(refused.stderr.contains("--insecure") && refused.stderr.contains("--jwt-issuer"), "{refused:?}");
    let mut served = Process::start(&["serve", "--store", &store, "--create", "--insecure", "--listen", "0.0.0.0:0"]);
    let warned = served.says(|line| line.contains("nobody is authenticated").then_some(())).await;
    assert_eq!(warned, ());
    for (arguments, told) in [
        (vec!["--jwt-keys", "/nowhere/keys.pem"], "/nowhere/keys.pem"),
        (vec!["--jwt-issuer", "http://issuer.example"], "https"),
        (vec!["--jwt-audience", "chirp"], "--jwt-issuer"),
        (vec!["--jwt-keys-url", "https://user:hunter22@issuer.example/keys"], "no user name"),
        (vec!["--jwt-issuer", "https://user:hunter22@issuer.example"], "no user name"),
    ] {
        let arguments = [&["serve", "--store", &store, "--listen", "127.0.0.1:0"], &arguments[..]].concat();
        let refused = chirp(&arguments).await.with(2);
        assert!(refused.stderr.contains(told) && !refused.stderr.contains("hunter22"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_token_that_chirp_signs_with_the_key_of_the_store_is_taken_where_that_is_wanted() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let served =
        Role::start_in(Surroundings::default(), "serve", "--listen", &store, &["--create", "--development-tokens"])
            .await;
    let signed =
        chirp(&["token", "--service", "backend", "--scope", "accounts:register", "--store", &store]).await.with(0);
    let bearer = format!("Bearer {}", signed.stdout.trim());
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let body = json!({"handle": "ada", "displayName": "Ada", "kind": "ACCOUNT_KIND_USER"}).to_string();
    let path = "/chirp.command.v1.CommandService/RegisterAccount";
    let answer = send(&served.address, "POST", path, &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let refused = chirp(&["projection", "list", "--ops", &served.address]).await.with(1);
    assert!(refused.stderr.contains("credentials"), "{refused:?}");
    let account = answer.json()["accountId"].as_str().expect("an id").to_owned();
    let signed = chirp(&["token", "--account", &account, "--role", "administrator", "--store", &store]).await.with(0);
    let listed =
        chirp(&["projection", "list", "--ops", &served.address, "--token", signed.stdout.trim()]).await.with(0);
    assert!(listed.stdout.contains("posts_1"), "{listed:?}");
    let unknown = chirp(&["token", "--service", "backend", "--scope", "posts:wriet", "--store", &store]).await.with(2);
    assert!(unknown.stderr.contains("posts:write"), "{unknown:?}");
}

#[tokio::test]
async fn a_stream_ends_with_its_token_unless_a_fresh_one_comes_before() {
    use shared::rpc::proto::query as v1;
    use shared::rpc::proto::query::query_service_client::QueryServiceClient;
    use shared::rpc::proto::query::stream_request::Message;
    use shared::rpc::proto::query::stream_response::Event;
    use tokio_stream::wrappers::ReceiverStream;

    let stage = Stage::start_with(&["--jwt-leeway", "0"]).await;
    let short = || stage.token(&json!({"sub": stage.ada, "exp": now() + 3}));
    let connection = channel(&stage.served.address);
    let bearer =
        |token: &str| format!("Bearer {token}").parse::<tonic::metadata::MetadataValue<_>>().expect("it is text");

    let mut request =
        tonic::Request::new(v1::StreamHomeTimelineRequest { account_id: stage.ada.clone(), ..Default::default() });
    request.metadata_mut().insert("authorization", bearer(&short()));
    let mut alone = QueryServiceClient::new(connection.clone())
        .stream_home_timeline(request)
        .await
        .expect("it is let in")
        .into_inner();
    let mut tokens = 0;
    let ended = loop {
        match alone.message().await {
            Ok(Some(message)) => tokens += usize::from(!message.resume_token.is_empty()),
            Ok(None) => panic!("it ends with a status"),
            Err(status) => break status,
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_deref()), (Code::Unauthenticated, Some("TOKEN_EXPIRED")));
    assert!(tokens > 0, "it said where to go on");

    let (wishes, queue) = tokio::sync::mpsc::channel(8);
    let mut request = tonic::Request::new(ReceiverStream::new(queue));
    request.metadata_mut().insert("authorization", bearer(&short()));
    let say = async |message| wishes.send(v1::StreamRequest { message: Some(message) }).await.expect("it is read");
    say(Message::Start(v1::StreamStart::default())).await;
    for (id, viewer) in [("own", &stage.ada), ("other", &stage.bob)] {
        let topic = v1::subscription::Topic::HomeTimeline(v1::HomeTimelineTopic {});
        let subscription = v1::Subscription {
            subscription_id: id.to_owned(),
            viewer_account_id: viewer.clone(),
            topic: Some(topic),
            ..Default::default()
        };
        say(Message::Subscribe(subscription)).await;
    }
    let mut together = QueryServiceClient::new(connection).stream(request).await.expect("it is let in").into_inner();
    let fresh = stage.token(&json!({"sub": stage.ada}));
    say(Message::Credentials(v1::FreshCredentials { authorization: format!("Bearer {fresh}") })).await;
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    let (mut refused, mut begun) = (None, false);
    while let Ok(message) = tokio::time::timeout_at(until, together.message()).await {
        let message = message.expect("it goes on").expect("it goes on");
        match message.event {
            Some(Event::Ended(ended)) if message.subscription_id == "other" => refused = Some(ended.reason()),
            Some(Event::CaughtUp(_)) if message.subscription_id == "own" => begun = true,
            _ => {}
        }
    }
    assert!(begun, "the own one has begun");
    assert_eq!(refused, Some(shared::rpc::errors::ErrorReason::AccountMismatch), "each is authorized by itself");
    let stranger = stage.account(&stage.bob);
    say(Message::Credentials(v1::FreshCredentials { authorization: format!("Bearer {stranger}") })).await;
    let ended = loop {
        match together.message().await {
            Ok(message) => assert!(message.is_some(), "it ends with a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&ended).as_deref(), Some("ACCOUNT_MISMATCH"));
}

#[tokio::test]
async fn an_api_key_is_taken_until_it_is_revoked_also_by_streams_that_it_has_opened() {
    use shared::rpc::proto::query::StreamHomeTimelineRequest;
    use shared::rpc::proto::query::query_service_client::QueryServiceClient;

    let folder = folder();
    let store = store_of(folder.path()).await;
    let served =
        Role::start_in(Surroundings::default(), "serve", "--listen", &store, &["--create", "--api-keys"]).await;
    let made = chirp(&[
        "key",
        "create",
        "--name",
        "backend",
        "--scope",
        "accounts:register,feeds:read-any",
        "--store",
        &store,
    ])
    .await
    .with(0);
    let key = made.stdout.trim().to_owned();
    let id = key.trim_start_matches("chirp_key_").split('_').next().expect("an id").to_owned();
    let call = async |key: &str, path: &str, body: Value| {
        let bearer = format!("Bearer {key}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        send(&served.address, "POST", &format!("/{path}"), &headers, body.to_string().as_bytes()).await
    };
    let body =
        json!({"handle": "ada", "displayName": "Ada", "kind": "ACCOUNT_KIND_USER", "waitFor": "WAIT_FOR_PROJECTED"});
    let answer = call(&key, "chirp.command.v1.CommandService/RegisterAccount", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let ada = answer.json()["accountId"].as_str().expect("an id").to_owned();
    let denied = call(&key, CREATE, json!({"authorId": ada, "text": "hello"})).await;
    assert_eq!(denied.header("x-chirp-error-reason"), Some("SCOPE_MISSING"));
    let mut wrong = key.clone();
    wrong.replace_range(wrong.len() - 8.., "aaaaaaaa");
    for (key, expected) in [
        (wrong.as_str(), "API_KEY_UNKNOWN"),
        ("chirp_key_0011223344556677_x", "API_KEY_UNKNOWN"),
        ("chirp_key_", "API_KEY_UNKNOWN"),
    ] {
        let refused = call(key, HOME, json!({"accountId": ada})).await;
        assert_eq!((refused.status, refused.header("x-chirp-error-reason")), (401, Some(expected)));
    }
    let listed = chirp(&["key", "list", "--store", &store]).await.with(0);
    assert!(
        listed.stdout.contains(&id) && listed.stdout.contains("backend") && listed.stdout.contains("active"),
        "{listed:?}"
    );
    assert!(
        !listed.stdout.contains(&key) && !listed.stdout.contains(key.rsplit('_').next().expect("a secret")),
        "{listed:?}"
    );

    let mut request = tonic::Request::new(StreamHomeTimelineRequest { account_id: ada.clone(), ..Default::default() });
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().expect("it is text"));
    let mut stream = QueryServiceClient::new(channel(&served.address))
        .stream_home_timeline(request)
        .await
        .expect("it is let in")
        .into_inner();
    stream.message().await.expect("it begins").expect("it begins");
    // Another key of the service goes on.
    let other =
        chirp(&["key", "create", "--name", "backend", "--scope", "feeds:read-any", "--store", &store]).await.with(0);
    chirp(&["key", "revoke", &id, "--store", &store]).await.with(0);
    let ended = loop {
        match stream.message().await {
            Ok(message) => assert!(message.is_some(), "it ends with a status"),
            Err(status) => break status,
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_deref()), (Code::Unauthenticated, Some("API_KEY_REVOKED")));
    let refused = call(&key, HOME, json!({"accountId": ada})).await;
    assert_eq!((refused.status, refused.header("x-chirp-error-reason")), (401, Some("API_KEY_REVOKED")));
    let answer = call(other.stdout.trim(), HOME, json!({"accountId": ada})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let again = chirp(&["key", "revoke", &id, "--store", &store]).await.with(1);
    assert!(again.stderr.contains("not revoked"), "{again:?}");
    assert!(!served.process.said().join("\n").contains(&key), "no key is logged");
}

#[tokio::test]
async fn a_request_id_of_before_authentication_is_answered_as_before_to_whoever_sends_the_same() {
    let folder = folder();
    let store = store_of(folder.path()).await;
    let id = "0190a1b2-0000-7000-8000-000000000002";
    let body = json!({"handle": "ada", "displayName": "Ada", "kind": "ACCOUNT_KIND_USER", "requestId": id}).to_string();
    let path = "/chirp.command.v1.CommandService/RegisterAccount";
    let mut open = Role::start_in(Surroundings::default(), "serve", "--listen", &store, &["--create"]).await;
    let plain = [("content-type", "application/json")];
    let first = send(&open.address, "POST", path, &plain, body.as_bytes()).await.json();
    open.process.signal("TERM");
    open.process.ended().await;
    let served = Role::start_in(Surroundings::default(), "serve", "--listen", &store, &["--development-tokens"]).await;
    let signed =
        chirp(&["token", "--service", "backend", "--scope", "accounts:register", "--store", &store]).await.with(0);
    let bearer = format!("Bearer {}", signed.stdout.trim());
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let again = send(&served.address, "POST", path, &headers, body.as_bytes()).await.json();
    assert_eq!(again["accountId"], first["accountId"], "the account is not registered twice: {again}");
}

#[tokio::test]
async fn whoever_asks_for_too_much_is_told_how_long_to_wait_and_others_are_answered() {
    let stage = Stage::start_with(&["--rate-limit", "account.reads=1:3,anonymous.reads=1:2"]).await;
    let (ada, bob) = (stage.account(&stage.ada), stage.account(&stage.bob));
    let ask = async |token: Option<&str>| {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let path = "/chirp.query.v1.QueryService/GetAccount";
        send(&stage.served.address, "POST", path, &headers, json!({"handle": "ada"}).to_string().as_bytes()).await
    };
    for token in [Some(ada.as_str()), None] {
        let mut last = ask(token).await;
        let mut answered = 0;
        while last.status == 200 {
            answered += 1;
            assert!(answered < 50, "it is never refused");
            assert!(
                last.header("x-ratelimit-limit").is_some() && last.header("x-ratelimit-remaining").is_some(),
                "{last:?}"
            );
            last = ask(token).await;
        }
        assert!(answered >= 2, "{answered}");
        assert_eq!((last.status, last.header("x-chirp-error-reason")), (429, Some("RATE_LIMITED")), "{}", last.text());
        let details = last.json()["details"].to_string();
        assert!(details.contains("google.rpc.RetryInfo") && details.contains("google.rpc.QuotaFailure"), "{details}");
    }
    assert_eq!(ask(Some(&bob)).await.status, 200, "another account has its own");
    let ready = send(&stage.served.address, "GET", "/readyz", &[], b"").await;
    assert_eq!(ready.status, 200);
}

#[tokio::test]
async fn whoever_guesses_credentials_or_asks_for_the_newest_again_and_again_is_counted() {
    let limits = ["--rate-limit", "anonymous.reads=1:5,account.fully-consistent=1:2,account.reads=off"];
    let stage = Stage::start_with(&limits).await;
    let mut refused = None;
    for _ in 0..20 {
        let (status, answer) = stage.json(HOME, Some("a.b.c"), &json!({})).await;
        if status != 401 {
            refused = Some((status, answer["details"][1]["debug"]["reason"].clone(), answer));
            break;
        }
    }
    let (status, _, answer) = refused.expect("whoever guesses is stopped");
    assert!(status == 429 && answer.to_string().contains("RATE_LIMITED"), "{answer}");
    let ada = stage.account(&stage.ada);
    let fresh = json!({"accountId": stage.ada, "consistency": {"fullyConsistent": true}});
    let (mut answered, mut last) = (0, stage.json(HOME, Some(&ada), &fresh).await);
    while last.0 == 200 && answered < 20 {
        answered += 1;
        last = stage.json(HOME, Some(&ada), &fresh).await;
    }
    assert!(last.0 == 429 && last.1.to_string().contains("RATE_LIMITED"), "{answered}, then {last:?}");
    let (status, _) = stage.json(HOME, Some(&ada), &json!({"accountId": stage.ada})).await;
    assert_eq!(status, 200, "others are not counted with these");
}

#[tokio::test]
async fn the_pages_of_a_process_are_for_operators_where_callers_are_authenticated_unless_they_are_opened() {
    let stage = Stage::start().await;
    let operator = stage.token(&json!({"sub": stage.ada, "roles": ["administrator"]}));
    let (prometheus, ada) = (stage.service("metrics:read"), stage.account(&stage.ada));
    for page in ["/metrics", "/readyz?verbose"] {
        let get = async |token: Option<&str>| {
            let bearer = token.map(|token| format!("Bearer {token}"));
            let headers: Vec<_> = bearer.as_deref().map(|bearer| ("authorization", bearer)).into_iter().collect();
            send(&stage.served.address, "GET", page, &headers, b"").await.status
        };
        let got = [None, Some(ada.as_str()), Some("nonsense"), Some(operator.as_str()), Some(prometheus.as_str())];
        let mut statuses = Vec::new();
        for token in got {
            statuses.push(get(token).await);
        }
        assert_eq!(statuses, [401, 403, 401, 200, 200], "{page}");
    }
    for page in ["/livez", "/readyz", "/healthz", "/", "/openapi.json"] {
        assert_eq!(send(&stage.served.address, "GET", page, &[], b"").await.status, 200, "{page}");
    }
    let opened = Stage::start_with(&["--open-pages"]).await;
    assert_eq!(send(&opened.served.address, "GET", "/metrics", &[], b"").await.status, 200);
}
