//! On a real server: what becomes of a connection, whatever becomes of its statement.

use super::*;
use crate::runtime::deadlines::within;
use crate::sql::postgres::failures::{MENDED_AGAIN_MAX, TRY_AGAIN, TRY_AGAIN_MAX};
use crate::sql::postgres::{Server, Work};

async fn one() -> Pool {
    Server::for_a_test().await.plain("public")
}

async fn pid(session: &mut Session) -> i32 {
    let row = session.fetch_one(sqlx::query("SELECT pg_backend_pid() AS pid"), Wait::UntilDeadline).await;
    row.expect("it answers").try_get("pid").expect("it is a number")
}

#[tokio::test]
async fn a_connection_is_used_again_after_whatever_does_not_concern_it() {
    let pool = one().await;
    let mut session = pool.acquire().await.expect("it opens");
    let before = pid(&mut session).await;
    let refused = session.execute(sqlx::query("SELECT 1 / 0"), Wait::UntilDeadline).await.expect_err("nobody can");
    assert!(refused.as_database_error().is_some(), "{refused:?}");
    drop(session);
    let mut session = pool.acquire().await.expect("it is there");
    assert_eq!(pid(&mut session).await, before);

    // Nobody waits for the statement, nor for the end of the transaction.
    session.begin("BEGIN").await.expect("it begins");
    session.script(sqlx::raw_sql("CREATE TABLE dropped (x INT)"), Wait::UntilDeadline).await.expect("it is made");
    let sleep = session.execute(sqlx::query("SELECT pg_sleep(0.2)"), Wait::UntilDeadline);
    assert!(timeout(Duration::from_millis(50), sleep).await.is_err(), "it takes longer");
    drop(session);
    let mut session = pool.acquire().await.expect("it is in order");
    assert_eq!(pid(&mut session).await, before);
    let made = "SELECT to_regclass('dropped') IS NOT NULL AS made";
    let row = session.fetch_one(sqlx::query(made), Wait::UntilDeadline).await.expect("it answers");
    assert!(!row.try_get::<bool, _>("made").expect("it is a boolean"), "it was rolled back");
}

#[tokio::test]
async fn a_connection_whose_statement_took_too_long_is_never_used_again() {
    let pool = one().await;
    let mut session = pool.acquire().await.expect("it opens");
    let before = pid(&mut session).await;
    let sleep = session.execute(sqlx::query("SELECT pg_sleep(600)"), Wait::UntilDeadline);
    let late = within(Duration::from_millis(200), sleep).await.expect_err("it takes longer");
    assert!(is_unknown(&late), "{late:?}");
    let refused = session.execute(sqlx::query("SELECT 1"), Wait::UntilDeadline).await;
    assert!(refused.is_err(), "the session has ended");
    drop(session);
    let mut session = pool.acquire().await.expect("there is room for another");
    assert_ne!(pid(&mut session).await, before);
}

#[tokio::test]
async fn a_connection_that_the_server_has_ended_is_replaced_and_so_are_those_that_are_as_old() {
    let server = Server::for_a_test().await;
    let failures = Failures::default();
    let of = |purpose| Pool::new(server.connector("public", &[]), 1, purpose, failures.clone());
    let (first, second) = (of(Purpose::Reading), of(Purpose::Writing));
    let mut other = second.acquire().await.expect("it opens");
    let others = pid(&mut other).await;
    drop(other);
    let mut session = first.acquire().await.expect("it opens");
    let end = "SELECT pg_terminate_backend(pg_backend_pid())";
    session.execute(sqlx::query(end), Wait::UntilDeadline).await.expect_err("it ends itself");
    drop(session);
    for (pool, before) in [(&first, None), (&second, Some(others))] {
        let mut session = pool.acquire().await.expect("another opens");
        assert_ne!(Some(pid(&mut session).await), before);
    }
}

#[tokio::test]
async fn a_session_in_which_nothing_can_be_written_is_none_of_a_pool_that_writes() {
    let server = Server::for_a_test().await;
    let read_only = [("default_transaction_read_only", "on".to_owned())];
    let of = |purpose| Pool::new(server.connector("public", &read_only), 1, purpose, Failures::default());
    of(Purpose::Writing).acquire().await.expect_err("nothing can be written there");
    let mut session = of(Purpose::Reading).acquire().await.expect("it can be read");
    let before = pid(&mut session).await;
    let refused = session.script(sqlx::raw_sql("CREATE TABLE x (y INT)"), Wait::UntilDeadline).await;
    assert!(!is_unknown(&refused.expect_err("nothing can be written there")), "it is known that nothing was");
    let pool = session.pool.clone();
    drop(session);
    let mut session = pool.acquire().await.expect("another opens");
    assert_ne!(pid(&mut session).await, before);
}

#[tokio::test]
async fn what_takes_long_goes_on_for_as_long_as_the_server_works_on_it() {
    let pool = one().await;
    let mut session = pool.acquire().await.expect("it opens");
    let before = pid(&mut session).await;
    let longer = sqlx::query("SELECT pg_sleep($1)").bind(STORE_DEADLINE.as_secs_f64() + 1.0);
    session.execute(longer, Wait::WhileItRuns).await.expect("it ends");
    assert_eq!(pid(&mut session).await, before);
}

#[tokio::test]
async fn a_server_that_refuses_is_asked_by_one_at_a_time_and_more_and_more_rarely() {
    for (kind, longest) in
        [(io::ErrorKind::ConnectionRefused, TRY_AGAIN_MAX), (io::ErrorKind::PermissionDenied, MENDED_AGAIN_MAX)]
    {
        let failures = Failures::default();
        assert!(failures.wait(Purpose::Writing).is_none(), "nobody has failed yet");
        let mut expected = TRY_AGAIN;
        for _ in 0..20 {
            let told = failures.refused(Purpose::Writing, Error::Io(io::Error::new(kind, "as it is")));
            assert_eq!(causes::text(&told), "as it is");
            assert_eq!(failures.refusal(Purpose::Writing).as_ref().expect("it was just noted").pause, expected);
            let (wait, _) = failures.wait(Purpose::Writing).expect("it has just failed");
            assert!(wait <= expected.mul_f64(1.5), "{wait:?} of {expected:?}");
            expected = (expected * 2).min(longest);
        }
        // Once the pause is over, the first caller may try, and the next one waits for the outcome.
        failures.refusal(Purpose::Writing).as_mut().expect("it is there").until = Instant::now();
        assert!(failures.wait(Purpose::Reading).is_none(), "it may be read all the while");
        assert!(failures.wait(Purpose::Writing).is_none());
        assert!(failures.wait(Purpose::Writing).is_some());
        failures.opened(Purpose::Writing);
        assert!(failures.wait(Purpose::Writing).is_none(), "whoever comes may open one");
    }
}

#[tokio::test]
async fn whoever_asks_again_and_again_whether_a_server_will_do_logs_in_rarely() {
    /// As often as a caller asks that waits for a store for two seconds.
    const QUESTIONS: u32 = 20;
    let there = Server::for_a_test().await;
    let missing = Server::of(there.connector.map(|options| options.database("no_such_database")));
    for _ in 0..QUESTIONS {
        let refused = missing.check(Work::Queries).await.expect_err("there is no such database");
        assert!(refused.to_string().contains("there is no database no_such_database"), "{refused}");
    }
    let pause = missing.failures.refusal(Purpose::Reading).as_ref().expect("it was refused").pause;
    // Each attempt doubled the pause.
    let attempts = (pause.as_millis() / TRY_AGAIN.as_millis()).ilog2() + 1;
    assert!(attempts < QUESTIONS / 2, "{attempts} attempts");
}
