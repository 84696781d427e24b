//! Tasks that run from one gate to the next, and only when the scheduler lets them, so that a seed decides every interleaving.

use std::any::Any;
use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

thread_local! {
    /// The gates of the task that is running.
    static GATES: RefCell<Option<Arc<Gates>>> = const { RefCell::new(None) };
    /// The point at which the task ends, as in a crash.
    static END: RefCell<Option<&'static str>> = const { RefCell::new(None) };
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    GoingOn,
    Waiting,
    LetGo,
}

struct Gates(Mutex<Doing>);

/// The panic of a task that ends at a point.
#[derive(Debug)]
struct PlugPulled;

/// How far a task came.
#[derive(Debug)]
pub enum Reached<T> {
    Gate,
    End(T),
    /// It crashed at its point, and its state is gone.
    Crash,
}

/// A future that runs from gate to gate.
pub struct Task<T> {
    gates: Arc<Gates>,
    future: Pin<Box<dyn Future<Output = T>>>,
}

impl<T> Task<T> {
    /// A task that has not begun.
    pub fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self { gates: Arc::new(Gates(Mutex::new(Doing::GoingOn))), future: Box::pin(future) }
    }

    /// Runs to the next gate or, if it passes the point `end` before, to there.
    pub async fn go_on(&mut self, end: Option<&'static str>) -> Reached<T> {
        self.gates.change(Doing::Waiting, Doing::LetGo);
        END.set(end);
        let reached = poll_fn(|context| self.poll(context)).await;
        END.set(None);
        reached
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Reached<T>> {
        GATES.set(Some(self.gates.clone()));
        let polled = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(context)));
        GATES.set(None);
        match polled {
            Ok(Poll::Ready(output)) => Poll::Ready(Reached::End(output)),
            Ok(Poll::Pending) if self.gates.is(Doing::Waiting) => Poll::Ready(Reached::Gate),
            // It waits for the tables.
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) if panic.is::<PlugPulled>() => Poll::Ready(Reached::Crash),
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Gates {
    fn is(&self, doing: Doing) -> bool {
        *self.0.lock().expect("nobody panics with it") == doing
    }

    fn change(&self, from: Doing, to: Doing) {
        let mut doing = self.0.lock().expect("nobody panics with it");
        if *doing == from {
            *doing = to;
        }
    }
}

/// A gate, at which others may run first. Outside of a task there is none.
pub async fn gate() {
    let Some(gates) = GATES.with_borrow(Clone::clone) else { return };
    gates.change(Doing::GoingOn, Doing::Waiting);
    poll_fn(|_| match gates.is(Doing::LetGo) {
        true => {
            gates.change(Doing::LetGo, Doing::GoingOn);
            Poll::Ready(())
        }
        // The scheduler polls it once it may go on.
        false => Poll::Pending,
    })
    .await;
}

/// Lets tasks end at these points when they are told to.
pub fn watch_points(points: &[&'static str]) {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.payload().is::<PlugPulled>() {
            told(panic);
        }
    }));
    for point in points.iter().copied() {
        let end = move || {
            if END.with_borrow(|end| *end == Some(point)) {
                let pulled: Box<dyn Any + Send> = Box::new(PlugPulled);
                resume_unwind(pulled);
            }
        };
        fail::cfg_callback(point, end).expect("it is a point");
    }
}
