//! Room: how many calls a server works on at once, and how many wait beside them for something that others must do first.
//!
//! Always: a call that waits, for projections or for a standby, holds no room of those that work; waiting has bounds of its own, of all callers
//! together and of one address, so that nobody's patience keeps others from being answered. Never here: what a call waits for, and how long.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::metrics::gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::runtime::metrics;

tokio::task_local! {
    /// The place of the call that this task works for.
    static PLACE: Arc<Place>;
}

/// The room of one server.
#[derive(Clone)]
pub(super) struct Room {
    working: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

/// Those who wait, by their address.
struct Waiting {
    places: Arc<Semaphore>,
    by_caller: Mutex<HashMap<IpAddr, usize>>,
    caller_max: usize,
}

/// What one call holds.
struct Place {
    room: Room,
    caller: Option<IpAddr>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

/// More wait than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowded;

/// One who waits, until it is dropped.
struct Waiter {
    waiting: Arc<Waiting>,
    caller: Option<IpAddr>,
    _place: OwnedSemaphorePermit,
}

impl Room {
    /// Room for so many calls that work, and so many that wait; one address may have half of the latter.
    pub fn of(calls_max: usize, waiting_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(waiting_max));
        let waiting = Waiting { places, by_caller: Mutex::default(), caller_max: waiting_max.div_ceil(2) };
        Self { working: Arc::new(Semaphore::new(calls_max)), waiting: Arc::new(waiting) }
    }

    /// Whether a call could be worked on now.
    pub fn is_full(&self) -> bool {
        self.working.available_permits() == 0
    }

    /// Works on a call of this caller, if there is room.
    pub async fn work<T>(&self, caller: Option<IpAddr>, call: impl AsyncFnOnce() -> T) -> Option<T> {
        let permit = self.working.clone().try_acquire_owned().ok()?;
        let place = Arc::new(Place { room: self.clone(), caller, permit: Mutex::new(Some(permit)) });
        Some(PLACE.scope(place, call()).await)
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_caller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>, caller: Option<IpAddr>) -> Result<Waiter, Crowded> {
        let place = self.places.clone().try_acquire_owned().map_err(|_full| Crowded)?;
        if let Some(caller) = caller {
            let mut by_caller = self.lock();
            let own = by_caller.entry(caller).or_default();
            if *own >= self.caller_max {
                return Err(Crowded);
            }
            *own += 1;
        }
        gauge!(metrics::CALLS_WAITING).increment(1.0);
        Ok(Waiter { waiting: self.clone(), caller, _place: place })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        gauge!(metrics::CALLS_WAITING).decrement(1.0);
        let Some(caller) = self.caller else { return };
        if let Entry::Occupied(mut own) = self.waiting.lock().entry(caller) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// Waits without holding the room of the call that this task works for, and takes room again before it goes on. A task that works for no
/// call of a server just waits.
///
/// # Errors
/// When more calls wait already than may.
pub async fn wait_outside<T>(wait: impl Future<Output = T>) -> Result<T, Crowded> {
    let Ok(place) = PLACE.try_with(Arc::clone) else { return Ok(wait.await) };
    let waiter = place.room.waiting.enter(place.caller)?;
    drop(place.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
    let waited = wait.await;
    drop(waiter);
    // It is never closed. Those who come back go before those who come.
    let permit = place.room.working.clone().acquire_owned().await.ok();
    *place.permit.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    Ok(waited)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::sync::oneshot;

    use super::*;

    const ONE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    const OTHER: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));

    #[tokio::test]
    async fn who_waits_holds_no_room_and_one_caller_does_not_take_all_places_to_wait() {
        const PLACES: usize = 4;
        let room = Room::of(1, PLACES);
        let wait = |caller| {
            let (tell, told) = oneshot::channel::<()>();
            let room = room.clone();
            let call =
                tokio::spawn(async move { room.work(caller, async || wait_outside(told).await.map(drop)).await });
            (tell, call)
        };
        let waits = |count| {
            let room = room.clone();
            async move {
                while room.waiting.places.available_permits() != PLACES - count {
                    tokio::task::yield_now().await;
                }
            }
        };
        let first = wait(ONE);
        waits(1).await;
        let second = wait(ONE);
        waits(2).await;
        assert_eq!(room.work(ONE, async || "not waiting").await, Some("not waiting"), "there is room");
        let (_, refused) = wait(ONE);
        assert_eq!(refused.await.expect("it does not panic"), Some(Err(Crowded)), "half is for others");
        let others = [wait(OTHER), wait(None)];
        waits(4).await;
        let (_, refused) = wait(None);
        assert_eq!(refused.await.expect("it does not panic"), Some(Err(Crowded)), "all places are taken");
        // Who comes back takes room again, one after the other.
        for (tell, call) in [first, second].into_iter().chain(others) {
            tell.send(()).expect("it waits");
            assert_eq!(call.await.expect("it does not panic"), Some(Ok(())));
        }
        waits(0).await;
        assert!(!room.is_full() && room.waiting.lock().is_empty());
    }
}
