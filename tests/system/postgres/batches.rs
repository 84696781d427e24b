//! One command that the server refuses does not fail those that are committed with it, and after a conflict with others
//! the batch is tried again.

use shared::rpc::proto::command::CreatePostRequest;
use tokio::task::JoinSet;
use tonic::Code;

use super::{database, execute, verified};
use crate::api::{Api, ask, request_id};
use crate::process::Roles;

/// How many commands are in flight, so that they share batches.
const COMMANDS: usize = 200;

/// The server refuses the text of one of them, as it would refuse any value that does not fit.
const REFUSE_SOME: &str = r"
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.payload LIKE '%unstorable%' THEN RAISE 'invalid byte sequence' USING ERRCODE = '22021'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON chirp_log.events FOR EACH ROW EXECUTE FUNCTION refuse()";

/// One of four batches can be committed at the first attempt; a sequence counts them, since it is not rolled back.
const ROLL_BACK_SOME: &str = r"
CREATE SEQUENCE attempts;
GRANT USAGE ON SEQUENCE attempts TO PUBLIC;
CREATE FUNCTION roll_back() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE attempt BIGINT := nextval('public.attempts');
BEGIN
    IF attempt % 4 = 1 THEN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END IF;
    IF attempt % 4 = 2 THEN RAISE 'could not serialize' USING ERRCODE = '40001'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER roll_back AFTER INSERT ON chirp_log.events FOR EACH STATEMENT EXECUTE FUNCTION roll_back()";

/// The three roles on a database with this trigger, and an account.
async fn posting_beside(trouble: &str) -> (String, Roles, String) {
    let store = database().await.address();
    let roles = Roles::start_at(&store, &[]).await;
    let ada = roles.api.register("ada").await.id;
    execute(&store, trouble).await;
    (store, roles, ada)
}

/// Posts at once; every tenth post has this text.
async fn post_at_once(api: &Api, account: &str, every_tenth: &str) -> Vec<(bool, Result<(), Code>)> {
    let mut posting = JoinSet::new();
    for number in 0..COMMANDS {
        let is_tenth = number % 10 == 0;
        let text = if is_tenth { every_tenth.to_owned() } else { format!("post {number}") };
        let request = ask!(CreatePostRequest { request_id: request_id(), author_id: account, text: &text });
        let api = api.clone();
        posting.spawn(async move { (is_tenth, api.try_post(request).await.map(drop).map_err(|status| status.code())) });
    }
    posting.join_all().await
}

#[tokio::test]
async fn one_command_that_the_server_refuses_fails_alone() {
    let (store, roles, ada) = posting_beside(REFUSE_SOME).await;
    for (is_tenth, outcome) in post_at_once(&roles.api, &ada, "unstorable").await {
        let expected = if is_tenth { Err(Code::Internal) } else { Ok(()) };
        assert_eq!(outcome, expected, "one that is refused: {is_tenth}");
    }
    assert_eq!(roles.api.texts_of(&ada).await.len(), COMMANDS - COMMANDS / 10);
    verified(&store).await;
}

#[tokio::test]
async fn what_is_rolled_back_because_of_others_is_tried_again() {
    let (store, roles, ada) = posting_beside(ROLL_BACK_SOME).await;
    for (_, outcome) in post_at_once(&roles.api, &ada, "as any other").await {
        assert_eq!(outcome, Ok(()));
    }
    assert_eq!(roles.api.texts_of(&ada).await.len(), COMMANDS, "each once");
    verified(&store).await;
}
