//! What query servers tell each other of who is online, over a channel that stores nothing.
//!
//! Always: a server that missed an announcement asks for all of them again; nothing is believed of a server that has
//! been silent for [`FORGOTTEN_AFTER`]. Never here: who may know of whom.
//!
//! Each server numbers its announcements: its accounts as they come and go, now and then that it is alive, and all of
//! its accounts when another server asks, which it does when it misses a number.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::model::ids::AccountKey;
use shared::sql::postgres::Channel;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use uuid::Uuid;

use super::{Neighbour, Presence, Registry};

/// The longest silence of a server before it announces that it is alive.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// The silence after which a server is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15);
/// The least time between two announcements. Accounts that come and go meanwhile share one, since notifying takes a
/// global lock of PostgreSQL.
const PACE: Duration = Duration::from_millis(100);
/// The most accounts of one announcement: each has up to 20 digits, and PostgreSQL carries less than 8,000 bytes.
const ACCOUNTS_MAX: usize = 300;

#[derive(Debug, Serialize, Deserialize)]
struct Announcement {
    server: Uuid,
    number: u64,
    says: Says,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    /// The server is new here, or has missed something: it asks all others for their accounts.
    Hello,
    /// The server is alive, and nothing is new.
    Alive,
    /// These accounts came and those went.
    Changed { online: Vec<AccountKey>, offline: Vec<AccountKey> },
    /// These accounts are online; the first part begins anew with none.
    All { is_first: bool, online: Vec<AccountKey> },
    /// The server stops, and with it all its streams.
    Bye,
}

/// What this server must announce, besides accounts that came and went.
#[derive(Default)]
pub(super) struct Owed {
    /// It missed something and must ask.
    hello: bool,
    /// Another server has asked.
    all: bool,
}

impl Presence {
    /// Sweeps accounts and announces changes, until drained.
    pub async fn tend(self, channel: Option<Channel>, drain: CancellationToken) {
        let Some(channel) = channel else {
            drain.run_until_cancelled(self.sweep()).await;
            return;
        };
        let server = Uuid::now_v7();
        let heard = self.clone();
        // Listening ends with the process, as the server does.
        channel.listen(move |said| {
            heard.hear(server, said);
            true
        });
        let mut speaker = Speaker { channel, server, number: 0 };
        drain.run_until_cancelled(self.announce(&mut speaker)).await;
        let _ = speaker.say(Says::Bye).await;
    }

    /// Sweeps accounts, where there is no other server to tell.
    async fn sweep(&self) {
        loop {
            let next = {
                let mut registry = self.lock();
                registry.unannounced.clear();
                registry.sweep(Instant::now())
            };
            tokio::select! {
                () = self.0.stirred.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
            sleep(PACE).await;
        }
    }

    async fn announce(&self, speaker: &mut Speaker) {
        let mut spoke_at = Instant::now();
        loop {
            let (next, to_say) = {
                let mut registry = self.lock();
                let now = Instant::now();
                let next = [registry.sweep(now), registry.forget_silent(now)].into_iter().flatten().min();
                (next, registry.unsaid())
            };
            let to_say = match to_say.is_empty() && spoke_at.elapsed() >= ALIVE_EVERY {
                true => vec![Says::Alive],
                false => to_say,
            };
            for says in to_say {
                spoke_at = Instant::now();
                if let Err(cause) = speaker.say(says).await {
                    warn!(%cause, "the other servers do not hear who is online here: {cause}");
                    // Since they missed something, they get everything.
                    self.lock().owed.all = true;
                    break;
                }
            }
            let alive_at = spoke_at + ALIVE_EVERY;
            tokio::select! {
                () = self.0.stirred.notified() => {}
                () = sleep_until(next.map_or(alive_at, |next| next.min(alive_at))) => {}
            }
            sleep(PACE).await;
        }
    }

    /// Takes an announcement from the channel; an empty one means that the channel was just opened.
    fn hear(&self, own: Uuid, said: &str) {
        let mut registry = self.lock();
        if said.is_empty() {
            // Everything before was missed; and servers that have forgotten this one hear of it, too.
            registry.owed = Owed { hello: true, all: true };
        } else {
            match serde_json::from_str::<Announcement>(said) {
                Ok(announcement) if announcement.server == own => return,
                Ok(announcement) => registry.take(announcement, Instant::now()),
                Err(cause) => debug!(%cause, "a server of another version says {said}"),
            }
        }
        if registry.owed.hello || registry.owed.all {
            self.0.stirred.notify_one();
        }
    }
}

impl Registry {
    fn take(&mut self, Announcement { server, number, says }: Announcement, now: Instant) {
        let is_known = self.elsewhere.contains_key(&server);
        let unknown = || Neighbour { accounts: HashSet::new(), number, heard_at: now };
        let neighbour = self.elsewhere.entry(server).or_insert_with(unknown);
        let is_next = is_known && number == neighbour.number + 1;
        (neighbour.number, neighbour.heard_at) = (number, now);
        let mut stirred = HashSet::new();
        match says {
            Says::Hello => self.owed.all = true,
            Says::Alive if is_next => {}
            Says::Changed { online, offline } if is_next => {
                neighbour.accounts.extend(&online);
                neighbour.accounts.retain(|account| !offline.contains(account));
                stirred.extend(online.into_iter().chain(offline));
            }
            Says::All { is_first, online } if is_first || is_next => {
                if is_first {
                    stirred.extend(std::mem::take(&mut neighbour.accounts));
                }
                neighbour.accounts.extend(&online);
                stirred.extend(online);
            }
            Says::Bye => {
                stirred.extend(std::mem::take(&mut neighbour.accounts));
                self.elsewhere.remove(&server);
            }
            Says::Alive | Says::Changed { .. } | Says::All { .. } => self.owed.hello = true,
        }
        stirred.into_iter().for_each(|account| self.stir(account));
    }

    /// Forgets servers that have been silent for too long. Gives when the next one will have been.
    fn forget_silent(&mut self, now: Instant) -> Option<Instant> {
        let is_silent = |neighbour: &mut Neighbour| neighbour.heard_at + FORGOTTEN_AFTER <= now;
        let silent: Vec<Neighbour> =
            self.elsewhere.extract_if(|_, neighbour| is_silent(neighbour)).map(|(_, silent)| silent).collect();
        silent.iter().flat_map(|neighbour| &neighbour.accounts).for_each(|account| self.stir(*account));
        self.elsewhere.values().map(|neighbour| neighbour.heard_at + FORGOTTEN_AFTER).min()
    }

    /// The announcements that are due.
    fn unsaid(&mut self) -> Vec<Says> {
        let Owed { hello, all } = std::mem::take(&mut self.owed);
        let unannounced: Vec<AccountKey> = std::mem::take(&mut self.unannounced).into_iter().collect();
        let mut to_say = Vec::new();
        if hello {
            to_say.push(Says::Hello);
        }
        if all {
            let online: Vec<AccountKey> = self.here.keys().copied().collect();
            to_say.push(Says::All { is_first: true, online: vec![] });
            to_say.extend(online.chunks(ACCOUNTS_MAX).map(|some| Says::All { is_first: false, online: some.to_vec() }));
        } else {
            for some in unannounced.chunks(ACCOUNTS_MAX) {
                let (online, offline) = some.iter().partition(|account| self.here.contains_key(account));
                to_say.push(Says::Changed { online, offline });
            }
        }
        to_say
    }
}

/// Numbers and sends this server's announcements.
struct Speaker {
    channel: Channel,
    server: Uuid,
    /// The number of the last announcement.
    number: u64,
}

impl Speaker {
    async fn say(&mut self, says: Says) -> Result<(), sqlx::Error> {
        self.number += 1;
        let announcement = Announcement { server: self.server, number: self.number, says };
        let text = serde_json::to_string(&announcement).map_err(|cause| sqlx::Error::Encode(cause.into()))?;
        self.channel.say(&text).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::Present;
    use super::*;

    const ADA: AccountKey = AccountKey(1);
    const BOB: AccountKey = AccountKey(2);

    /// A server and what it has announced to another.
    struct Talk {
        speaker: Presence,
        listener: Presence,
        server: Uuid,
        number: u64,
    }

    impl Talk {
        fn new() -> Self {
            let (speaker, listener) = (Presence::default(), Presence::default());
            Self { speaker, listener, server: Uuid::now_v7(), number: 0 }
        }

        fn enter(&self, account: AccountKey) -> Present {
            self.speaker.enter(account, 1).expect("it is the first")
        }

        /// Sends the announcements that are due, or loses all of them.
        fn say(&mut self, lost: bool) {
            let to_say = self.speaker.lock().unsaid();
            for says in to_say {
                self.number += 1;
                let announcement = Announcement { server: self.server, number: self.number, says };
                let text = serde_json::to_string(&announcement).expect("it can be written");
                assert!(text.len() < 8_000, "{} bytes", text.len());
                if !lost {
                    self.listener.hear(Uuid::nil(), &text);
                }
            }
        }

        fn asks(&self) -> bool {
            std::mem::take(&mut self.listener.lock().owed.hello)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_and_goes_is_told_and_who_only_reconnects_is_not() {
        let mut talk = Talk::new();
        talk.speaker.hear(Uuid::nil(), "");
        talk.say(false);
        talk.asks();
        let watch = talk.listener.watch();
        watch.set([ADA, BOB].into());
        let stream = talk.enter(ADA);
        talk.say(false);
        assert_eq!((talk.listener.is_online(ADA), talk.listener.is_online(BOB)), (true, false));
        assert_eq!(watch.take(), [ADA].into());
        drop(stream);
        talk.speaker.lock().sweep(Instant::now());
        let again = talk.enter(ADA);
        tokio::time::advance(super::super::LINGER * 2).await;
        talk.speaker.lock().sweep(Instant::now());
        talk.say(false);
        assert!(talk.listener.is_online(ADA) && watch.take().is_empty(), "nobody hears of a new connection");
        drop(again);
        tokio::time::advance(super::super::LINGER).await;
        assert_eq!(talk.speaker.lock().sweep(Instant::now()), None);
        talk.say(false);
        assert!(!talk.listener.is_online(ADA));
        assert_eq!(watch.take(), [ADA].into());
        assert!(!talk.asks());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_misses_something_asks_and_hears_all() {
        let mut talk = Talk::new();
        let _ada = talk.enter(ADA);
        talk.say(false);
        assert!(talk.asks(), "of a server that it never heard before, it knows nothing");
        talk.speaker.hear(Uuid::nil(), "");
        talk.say(false);
        assert!(talk.listener.is_online(ADA) && !talk.asks());
        let _bob = talk.enter(BOB);
        talk.say(true);
        let others: Vec<Present> = (10..2_000).map(|key| talk.enter(AccountKey(key))).collect();
        talk.say(false);
        assert!(!talk.listener.is_online(BOB) && talk.asks());
        drop(others);
        tokio::time::advance(super::super::LINGER).await;
        talk.speaker.lock().sweep(Instant::now());
        talk.speaker.lock().owed.all = true;
        talk.say(false);
        let known = |key| talk.listener.is_online(AccountKey(key));
        assert!(known(1) && known(2) && !(10..2_000).any(known) && !talk.asks());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_falls_silent_or_stops_is_forgotten() {
        let mut talk = Talk::new();
        let _ada = talk.enter(ADA);
        talk.speaker.lock().owed.all = true;
        talk.say(false);
        let watch = talk.listener.watch();
        watch.set([ADA].into());
        tokio::time::advance(FORGOTTEN_AFTER / 2).await;
        talk.listener.lock().forget_silent(Instant::now());
        assert!(talk.listener.is_online(ADA));
        tokio::time::advance(FORGOTTEN_AFTER).await;
        talk.listener.lock().forget_silent(Instant::now());
        assert!(!talk.listener.is_online(ADA));
        assert_eq!(watch.take(), [ADA].into());
        talk.speaker.lock().owed.all = true;
        talk.say(false);
        assert!(talk.listener.is_online(ADA), "it was only silent");
        talk.number += 1;
        let bye = Announcement { server: talk.server, number: talk.number, says: Says::Bye };
        talk.listener.hear(Uuid::nil(), &serde_json::to_string(&bye).expect("it can be written"));
        assert!(!talk.listener.is_online(ADA) && talk.listener.lock().elsewhere.is_empty());
    }
}
