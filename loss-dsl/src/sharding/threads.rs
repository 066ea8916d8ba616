//! Ranks as threads of one process: for tests, and to try out what sharding does.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::Communicator;

/// Runs `body` on as many threads as there are to be ranks, each with a communicator of its own, and returns what they return, in the order
/// of ranks.
///
/// # Panics
/// If a rank panics; the others then panic at their next call of the communicator, instead of waiting.
pub fn threads<T: Send>(ranks: usize, body: impl Fn(Arc<dyn Communicator>) -> T + Sync) -> Vec<T> {
    let meeting = Arc::new(Meeting::new(ranks));
    thread::scope(|scope| {
        let spawned: Vec<_> = (0..ranks)
            .map(|rank| {
                let (meeting, body) = (Arc::clone(&meeting), &body);
                scope.spawn(move || {
                    let communicator = Arc::new(Thread {
                        rank,
                        meeting: Arc::clone(&meeting),
                    });
                    let outcome = panic::catch_unwind(AssertUnwindSafe(|| body(communicator)));
                    meeting.leave(rank);
                    outcome.unwrap_or_else(|cause| panic::resume_unwind(cause))
                })
            })
            .collect();
        let joined = spawned.into_iter().map(|thread| thread.join());
        let outcomes: Vec<_> = joined.collect();
        let results = outcomes.into_iter();
        results
            .map(|outcome| outcome.unwrap_or_else(|cause| panic::resume_unwind(cause)))
            .collect()
    })
}

#[derive(Debug)]
struct Thread {
    rank: usize,
    meeting: Arc<Meeting>,
}

/// Where all ranks put what they send and wait for the others.
#[derive(Debug)]
struct Meeting {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    posted: Vec<Option<Vec<u8>>>,
    /// How many exchanges have been completed, and what the last one brought.
    round: u64,
    all: Arc<Vec<Vec<u8>>>,
    /// A rank that has ended.
    left: Option<usize>,
}

impl Meeting {
    fn new(ranks: usize) -> Self {
        Self {
            state: Mutex::new(State {
                posted: vec![None; ranks],
                round: 0,
                all: Arc::default(),
                left: None,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all ranks sent.
    fn exchange(&self, rank: usize, mine: &[u8]) -> Arc<Vec<Vec<u8>>> {
        let mut state = self.lock();
        let round = state.round;
        state.posted[rank] = Some(mine.to_vec());
        if state.posted.iter().all(Option::is_some) {
            let all = state.posted.iter_mut().filter_map(Option::take).collect();
            state.all = Arc::new(all);
            state.round += 1;
            self.changed.notify_all();
        }
        while state.round == round {
            if let Some(other) = state.left {
                panic!("rank {rank} waits for rank {other}, which has ended");
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Arc::clone(&state.all)
    }

    fn leave(&self, rank: usize) {
        self.lock().left.get_or_insert(rank);
        self.changed.notify_all();
    }
}

impl Communicator for Thread {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.meeting.lock().posted.len()
    }

    fn all_gather(&self, mine: &[u8], all: &mut [u8]) {
        let sent = self.meeting.exchange(self.rank, mine);
        for (place, sent) in all.chunks_exact_mut(mine.len().max(1)).zip(sent.iter()) {
            place.copy_from_slice(sent);
        }
    }

    fn all_to_all(&self, mine: &[u8], received: &mut [u8]) {
        let sent = self.meeting.exchange(self.rank, mine);
        let piece = received.len() / sent.len();
        for (place, sent) in received.chunks_exact_mut(piece.max(1)).zip(sent.iter()) {
            place.copy_from_slice(&sent[self.rank * piece..][..piece]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_gets_what_was_sent_to_it() {
        let results = threads(3, |communicator| {
            let (rank, size) = (communicator.rank() as u8, communicator.size());
            let mut all = vec![0; 2 * size];
            communicator.all_gather(&[rank, 10 + rank], &mut all);
            let mine: Vec<u8> = (0..size as u8).map(|to| 10 * rank + to).collect();
            let mut received = vec![0; size];
            communicator.all_to_all(&mine, &mut received);
            (all, received)
        });
        for (rank, (all, received)) in results.into_iter().enumerate() {
            assert_eq!(all, [0, 10, 1, 11, 2, 12]);
            assert_eq!(received, [0, 10, 20].map(|from| from + rank as u8));
        }
    }

    #[test]
    fn who_waits_for_a_rank_that_has_ended_panics() {
        let outcome = panic::catch_unwind(|| {
            threads(2, |communicator| {
                assert_eq!(communicator.rank(), 1, "rank 0 ends here");
                communicator.all_gather(&[1], &mut [0; 2]);
            });
        });
        assert!(outcome.is_err());
    }
}
