//! The time, as a parameter: nothing else in the project asks the system for it.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// The range of protobuf's `Timestamp`, in microseconds: from the year 1 to the end of the year 9999.
const PROTO_MICROS: RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

impl Timestamp {
    /// Whether protobuf's `Timestamp` can hold this moment.
    #[must_use]
    pub fn is_in_proto(self) -> bool {
        PROTO_MICROS.contains(&self.0)
    }

    /// The moment as the API sends it, or the nearest one that protobuf's `Timestamp` can hold.
    #[must_use]
    pub fn to_proto(self) -> prost_types::Timestamp {
        let told = self.0.clamp(*PROTO_MICROS.start(), *PROTO_MICROS.end());
        let micros = told.rem_euclid(1_000_000);
        prost_types::Timestamp {
            seconds: told.div_euclid(1_000_000),
            nanos: i32::try_from(micros * 1_000).expect("less than a second fits"),
        }
    }
}

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that asks the machine")]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until a test sets it.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
