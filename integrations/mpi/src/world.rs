//! MPI's life, and its communicator of all ranks.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use loss_dsl::sharding::Communicator;
use mpi::Threading;
use mpi::environment::{self, Universe};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives};

use crate::cut::cut;

/// Bytes that are received in one call of MPI, which counts elements in a C int.
const LIMIT: usize = 1 << 30;

/// The exit status of a job that [`Mpi::abort`] has ended.
const FAILED: i32 = 1;

/// The exit status of a job of which a rank has panicked; that of a Rust program that panics.
const PANICKED: i32 = 101;

/// Bytes of a host's name that are compared.
const NAME: usize = 256;

/// Held during each call of MPI: ranks have one communicator, on which calls by several threads at once are not allowed.
static CALLS: Mutex<()> = Mutex::new(());

/// MPI, from its start to its end.
///
/// Make one at the beginning of `main`, before threads are started that might outlive it, and keep it there: MPI starts once in a
/// process, and ends on the thread that started it, which is why this is not [`Send`].
///
/// Dropping it ends MPI. That waits for the other ranks, who have to drop theirs too; while a panic unwinds it ends
/// the job instead, because the others may be waiting for this rank.
pub struct Mpi {
    /// Ends MPI when it is dropped.
    universe: Option<Universe>,
    world: Arc<World>,
    /// Ends on the thread that it began on.
    here: PhantomData<*const ()>,
}

/// Why MPI was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// MPI has been started in this process before, by an [`Mpi`] or by other code, and cannot start again.
    Again,
    /// This MPI does not allow that a process has threads, and kernels do have them.
    SingleThreaded,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Again => "MPI has been started in this process before",
            Self::SingleThreaded => "this MPI does not allow processes with several threads",
        })
    }
}

impl Error for InitError {}

impl fmt::Debug for Mpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = f.debug_struct("Mpi");
        written.field("world", &self.world).finish_non_exhaustive()
    }
}

impl Mpi {
    /// Starts MPI, together with all other ranks.
    ///
    /// # Errors
    /// If it has been started before, or does not allow threads.
    ///
    /// MPI itself ends the process, with a message, if it cannot start.
    pub fn new() -> Result<Self, InitError> {
        // Calls by any thread, one at a time.
        let started = environment::initialize_with_threading(Threading::Serialized);
        let (universe, threading) = started.ok_or(InitError::Again)?;
        let only = match threading {
            Threading::Single => return Err(InitError::SingleThreaded),
            Threading::Funneled => Some(thread::current().id()),
            Threading::Serialized | Threading::Multiple => None,
        };
        let world = universe.world();
        let count = |number: i32| usize::try_from(number).unwrap_or_default();
        let world = World {
            rank: count(world.rank()),
            size: count(world.size()),
            only,
        };
        Ok(Self {
            universe: Some(universe),
            world: Arc::new(world),
            here: PhantomData,
        })
    }

    /// The communicator of all ranks. It may be kept longer than `self`, but not called.
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world)
    }

    /// Ends all ranks at once, for an error that the others do not have: prints the rank and `why` on standard error; `mpirun` exits
    /// with status 1.
    pub fn abort(&self, why: impl fmt::Display) -> ! {
        eprintln!("rank {}: {why}", self.world.rank);
        SimpleCommunicator::world().abort(FAILED)
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        if thread::panicking() {
            SimpleCommunicator::world().abort(PANICKED);
        }
        let _no_other_call = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        self.universe.take();
    }
}

/// All ranks that `mpirun` has started; see [`Mpi::world`].
///
/// It may be called by any thread while its [`Mpi`] lives; but all ranks have to make the same calls in the same order, so that it is
/// best left to one. Where MPI is one that only the thread may call that started it (`MPI_THREAD_FUNNELED`), that is the one: then a
/// sharded loss calls it on the thread that the loss is called on, otherwise on one of its workers.
///
/// # Panics
/// Each method but [`rank`](Self::rank) and [`size`](Self::size) panics if MPI has ended, if the thread may not call MPI, or if
/// arrays have not the lengths that [`Communicator`] asks for.
#[derive(Debug)]
pub struct World {
    rank: usize,
    size: usize,
    /// The only thread that may call MPI, if any may not.
    only: Option<ThreadId>,
}

impl World {
    /// The own number, below [`size`](Self::size).
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many ranks there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many threads this rank may have so that those of all ranks on the same host have a core each; at least 1. All ranks
    /// have to ask.
    ///
    /// Rayon takes all cores that a process may run on, and with several ranks on a host that is too many:
    ///
    /// ```no_run
    /// # let mpi = loss_mpi::Mpi::new()?;
    /// let threads = mpi.world().share_of_cores();
    /// rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The cores of a host are those that the process may run on; `mpirun --bind-to none` lets it run on all. (Open MPI's
    /// default for one or two ranks is a single core each.)
    pub fn share_of_cores(&self) -> usize {
        let mut own = environment::processor_name()
            .unwrap_or_default()
            .into_bytes();
        own.resize(NAME, 0);
        let mut names = vec![0; NAME * self.size];
        self.all_gather(&own, &mut names);
        let here = names
            .chunks_exact(NAME)
            .filter(|&name| name == own)
            .count()
            .max(1);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        (cores / here).max(1)
    }

    fn call(&self, exchange: impl FnOnce(&SimpleCommunicator)) {
        let _one_at_a_time = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!environment::is_finalized(), "MPI has ended");
        let here = thread::current().id();
        assert!(
            self.only.is_none_or(|only| only == here),
            "this MPI may be called only by the thread that started it"
        );
        exchange(&SimpleCommunicator::world());
    }
}

impl Communicator for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn on_any_thread(&self) -> bool {
        self.only.is_none()
    }

    fn all_gather(&self, mine: &[u8], all: &mut [u8]) {
        assert_eq!(all.len(), mine.len() * self.size, "as much of each rank");
        self.call(|mpi| {
            cut(LIMIT, 1, mine, self.size, all, |mine, all| {
                mpi.all_gather_into(mine, all);
            });
        });
    }

    fn all_to_all(&self, mine: &[u8], received: &mut [u8]) {
        assert_eq!(received.len(), mine.len(), "as much as is sent");
        assert_eq!(mine.len() % self.size, 0, "as much for each rank");
        self.call(|mpi| {
            cut(LIMIT, self.size, mine, self.size, received, |mine, all| {
                mpi.all_to_all_into(mine, all);
            });
        });
    }
}
