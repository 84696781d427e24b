//! Readiness: whether a process can do its work now, and if not, why. It is defined here and nowhere else: the health service, `/readyz`
//! and the metrics all read it.
//!
//! Always: a process is ready when every check that it has passes; a check that has not run yet fails, so that a process is not ready
//! before it is known to be; a change is logged once. Never here: what a check looks at.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::metrics::gauge;
use futures_util::future::select_all;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::runtime::metrics;

/// How a check ended. An error is the reason why the process is not ready; it is shown to everybody who asks, so it holds no secret.
pub type Outcome = Result<(), String>;

/// How often a check runs while it passes: it must cost next to nothing, and a failure is known this much later at most.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// How often a check runs that takes several statements, of what changes seldom.
pub const RARE_CHECK_INTERVAL: Duration = Duration::from_secs(20);
/// How often a check runs while it fails, so that a process that can work again is soon sent work.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// The outcome of a check that has not run yet.
const NOT_CHECKED_YET: &str = "not checked yet";

/// The checks of one role, each with its newest outcome.
#[derive(Clone, Debug)]
pub struct Readiness {
    role: &'static str,
    checks: Arc<Mutex<BTreeMap<&'static str, Outcome>>>,
    /// Whether all checks pass.
    ready: Arc<watch::Sender<bool>>,
    /// Whether all checks have run.
    checked: Arc<watch::Sender<bool>>,
    /// The roles that must be ready, too, where one process is several.
    roles: Vec<Self>,
}

/// Changes of whether a process is ready.
#[derive(Debug)]
pub struct Changes(Vec<watch::Receiver<bool>>);

impl Changes {
    /// From now on, only what changes later is a change.
    pub fn mark_unchanged(&mut self) {
        self.0.iter_mut().for_each(watch::Receiver::mark_unchanged);
    }

    /// Returns when something has changed.
    pub async fn changed(&mut self) {
        let changes = self.0.iter_mut().map(|part| Box::pin(part.changed()));
        let (changed, ..) = select_all(changes).await;
        if changed.is_err() {
            // Who would change it is gone.
            std::future::pending::<()>().await;
        }
    }
}

impl Readiness {
    /// A role that needs these checks to pass. Others may be added with [`Self::set`].
    #[must_use]
    pub fn of(role: &'static str, checks: &[&'static str]) -> Self {
        let outcomes = checks.iter().map(|check| (*check, Err(NOT_CHECKED_YET.to_owned()))).collect();
        let ready = Self {
            role,
            checks: Arc::new(Mutex::new(outcomes)),
            ready: Arc::new(watch::Sender::new(checks.is_empty())),
            checked: Arc::new(watch::Sender::new(checks.is_empty())),
            roles: Vec::new(),
        };
        checks.iter().for_each(|check| ready.count(check, false));
        ready
    }

    /// A process of these roles, which is ready when all of them are.
    #[must_use]
    pub fn together(name: &'static str, roles: Vec<Self>) -> Self {
        Self { roles, ..Self::of(name, &[]) }
    }

    /// Records the outcome of a check.
    pub fn set(&self, check: &'static str, outcome: Outcome) {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let before = checks.insert(check, outcome.clone());
        let ready = checks.values().all(Result::is_ok);
        // Sent before the lock is released, so that of two changes the newer one is sent last.
        self.ready.send_if_modified(|was| std::mem::replace(was, ready) != ready);
        if !checks.values().any(|outcome| outcome.as_ref().is_err_and(|cause| cause == NOT_CHECKED_YET)) {
            self.checked.send_replace(true);
        }
        drop(checks);
        if before.as_ref() == Some(&outcome) {
            return;
        }
        let role = self.role;
        self.count(check, outcome.is_ok());
        match (&outcome, before) {
            (Ok(()), Some(Err(_))) => info!(role, check, "the {role}'s check {check} passes"),
            (Err(cause), None | Some(Ok(()))) => {
                warn!(role, check, %cause, "the {role}'s check {check} fails: {cause}");
            }
            (Ok(()), _) | (Err(_), Some(Err(_))) => {}
        }
    }

    /// Runs a check for ever: every `interval` while it passes, sooner while it fails.
    pub async fn keep_checking(
        &self,
        check: &'static str,
        interval: Duration,
        ask: impl AsyncFn() -> Outcome,
    ) -> Infallible {
        loop {
            let late = || Err(format!("it does not answer within {} s", CHECK_TIMEOUT.as_secs()));
            let outcome = timeout(CHECK_TIMEOUT, ask()).await.unwrap_or_else(|_| late());
            let pause = if outcome.is_ok() { interval } else { RECHECK_INTERVAL };
            self.set(check, outcome);
            sleep(pause).await;
        }
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow() && self.roles.iter().all(Self::is_ready)
    }

    /// Returns when every check has run.
    pub async fn checked(&self) {
        // The channel cannot close, since its sender is here.
        let _ = self.checked.subscribe().wait_for(|checked| *checked).await;
    }

    /// Changes of [`Self::is_ready`].
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes([self].into_iter().chain(&self.roles).map(|part| part.ready.subscribe()).collect())
    }

    /// The failing checks with their reasons, in one line.
    #[must_use]
    pub fn failures(&self) -> String {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let failing =
            checks.iter().filter_map(|(check, outcome)| Some(format!("{check}: {}", outcome.as_ref().err()?)));
        let failing = failing.collect::<Vec<_>>();
        let of_roles = self.roles.iter().filter(|role| !role.is_ready());
        let of_roles = of_roles.map(|role| format!("{}: {}", role.role, role.failures()));
        failing.into_iter().chain(of_roles).collect::<Vec<_>>().join("; ")
    }

    /// Every check in a line of its own, in the form that Kubernetes uses: `[+]store ok`, `[-]store failed: …`.
    #[must_use]
    /// Where one process is several roles, the name of its role stands before a check.
    pub fn listed(&self) -> String {
        let mut listed = self.listed_with("");
        for role in &self.roles {
            listed.push_str(&role.listed_with(&format!("{}/", role.role)));
        }
        listed
    }

    fn listed_with(&self, prefix: &str) -> String {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut listed = String::new();
        for (check, outcome) in checks.iter() {
            let written = match outcome {
                Ok(()) => writeln!(listed, "[+]{prefix}{check} ok"),
                Err(cause) => writeln!(listed, "[-]{prefix}{check} failed: {cause}"),
            };
            written.expect("a text can be written to");
        }
        listed
    }

    fn count(&self, check: &'static str, passes: bool) {
        gauge!(metrics::READY, "role" => self.role, "check" => check).set(if passes { 1.0 } else { 0.0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_once_every_check_passes_and_no_longer_than_that() {
        let ready = Readiness::of("test", &["store", "writer"]);
        let mut changes = ready.ready.subscribe();
        assert!(!ready.is_ready());
        assert_eq!(ready.failures(), "store: not checked yet; writer: not checked yet");
        ready.set("store", Ok(()));
        assert!(!ready.is_ready());
        ready.set("writer", Ok(()));
        assert!(ready.is_ready());
        assert!(changes.has_changed().expect("it is there") && *changes.borrow_and_update());
        ready.set("writer", Err("it has stopped".to_owned()));
        assert_eq!(ready.listed(), "[+]store ok\n[-]writer failed: it has stopped\n");
        assert!(!ready.is_ready());
        assert!(!*changes.borrow_and_update());
    }

    #[tokio::test]
    async fn a_process_of_several_roles_is_ready_when_all_of_them_are() {
        let (one, other) = (Readiness::of("one", &["store"]), Readiness::of("other", &["store", "tables"]));
        let both = Readiness::together("both", vec![one.clone(), other.clone()]);
        one.set("store", Ok(()));
        other.set("store", Ok(()));
        assert!(!both.is_ready());
        assert_eq!(both.failures(), "other: tables: not checked yet");
        let mut changes = both.changes();
        other.set("tables", Ok(()));
        changes.changed().await;
        assert!(both.is_ready());
        assert_eq!(both.listed(), "[+]one/store ok\n[+]other/store ok\n[+]other/tables ok\n");
        both.set("tasks", Err("a vital task failed".to_owned()));
        changes.changed().await;
        assert!(!both.is_ready() && one.is_ready());
        assert_eq!(both.failures(), "tasks: a vital task failed");
    }

    #[test]
    fn a_check_that_was_added_later_counts() {
        let ready = Readiness::of("test", &["store"]);
        ready.set("store", Ok(()));
        ready.set("history", Err("the tables are ahead of the log".to_owned()));
        assert_eq!(ready.failures(), "history: the tables are ahead of the log");
        assert!(!ready.is_ready());
    }
}
