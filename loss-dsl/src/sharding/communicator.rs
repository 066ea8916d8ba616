//! What a sharded loss asks of a network.

use core::fmt::Debug;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use bytemuck::Pod;
use ndarray::{Array, ArrayRef, Axis, RemoveAxis};

/// A group of processes, each with a rank from 0 on, that all make the same calls in the same order.
///
/// Two operations are enough, both of bytes and of lengths that all ranks agree on; what is summed is summed by the caller, so that the
/// order is its own. A call returns when this rank has what it asked for. If another rank is gone, an implementation ends the process or
/// panics: a call has no way to go on.
pub trait Communicator: Debug + Send + Sync {
    /// The own number, below [`size`](Self::size).
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// Whether other threads than the one that a loss is called on may make these calls, one at a time: large kernels run best on a worker
    /// of rayon's pool. By default they may not. They must not where ranks share a pool, whose workers would wait for each other.
    fn on_any_thread(&self) -> bool {
        false
    }

    /// The `mine` of every rank, in the order of ranks, into `all`, which is [`size`](Self::size) times as long.
    fn all_gather(&self, mine: &[u8], all: &mut [u8]);

    /// Piece r of `mine` to rank r, and from rank r piece r of `received`. Both are [`size`](Self::size) pieces of equal length.
    fn all_to_all(&self, mine: &[u8], received: &mut [u8]);
}

/// One rank alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Communicator for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn on_any_thread(&self) -> bool {
        true
    }

    fn all_gather(&self, mine: &[u8], all: &mut [u8]) {
        all.copy_from_slice(mine);
    }

    fn all_to_all(&self, mine: &[u8], received: &mut [u8]) {
        received.copy_from_slice(mine);
    }
}

/// What went through a communicator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls of the communicator.
    pub messages: u64,
    /// Bytes that this rank sent to others: n (R − 1) for n bytes to all of R ranks.
    pub bytes_sent: u64,
}

impl core::ops::Sub for Traffic {
    type Output = Traffic;

    /// What went through since an earlier count.
    fn sub(self, earlier: Traffic) -> Traffic {
        Traffic {
            messages: self.messages - earlier.messages,
            bytes_sent: self.bytes_sent - earlier.bytes_sent,
        }
    }
}

/// A communicator that counts what goes through it. Clones count together.
#[derive(Clone, Debug)]
pub struct Ranks {
    communicator: Arc<dyn Communicator>,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    messages: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Ranks {
    /// Counts from nothing.
    pub fn new(communicator: Arc<dyn Communicator>) -> Self {
        Self {
            communicator,
            count: Arc::default(),
        }
    }

    /// The own number.
    pub fn rank(&self) -> usize {
        self.communicator.rank()
    }

    /// How many ranks there are.
    pub fn size(&self) -> usize {
        self.communicator.size()
    }

    /// See [`Communicator::on_any_thread`].
    pub fn on_any_thread(&self) -> bool {
        self.communicator.on_any_thread()
    }

    /// What went through so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            messages: self.count.messages.load(Ordering::Relaxed),
            bytes_sent: self.count.bytes_sent.load(Ordering::Relaxed),
        }
    }

    /// See [`Communicator::all_gather`].
    pub fn all_gather(&self, mine: &[u8]) -> Vec<u8> {
        let mut all = vec![0; mine.len() * self.size()];
        self.communicator.all_gather(mine, &mut all);
        self.counted(mine.len());
        all
    }

    /// See [`Communicator::all_to_all`].
    ///
    /// # Panics
    /// If `mine` does not consist of as many pieces as there are ranks.
    pub fn all_to_all(&self, mine: &[u8]) -> Vec<u8> {
        let piece = mine.len() / self.size();
        assert_eq!(piece * self.size(), mine.len(), "a piece for each rank");
        let mut received = vec![0; mine.len()];
        self.communicator.all_to_all(mine, &mut received);
        self.counted(piece);
        received
    }

    /// The rows of all ranks, in the order of ranks: the batch of a step in which every rank brings samples of its own. What the own rows are among
    /// them is returned beside, for their part of a gradient. Ranks may have different numbers of rows, of one shape.
    ///
    /// ```
    /// use loss_dsl::sharding::{Ranks, threads};
    /// use ndarray::{Array2, array};
    ///
    /// let gathered = threads(2, |communicator| {
    ///     let ranks = Ranks::new(communicator);
    ///     let own = Array2::from_elem((1 + ranks.rank(), 2), ranks.rank() as f32);
    ///     ranks.gather_rows(&own)
    /// });
    /// assert_eq!(gathered[1].0, array![[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]);
    /// assert_eq!(gathered[1].1, 1..3);
    /// ```
    ///
    /// # Panics
    /// If the rows of ranks have different shapes.
    pub fn gather_rows<T: Pod, D: RemoveAxis>(
        &self,
        own: &ArrayRef<T, D>,
    ) -> (Array<T, D>, Range<usize>) {
        let numbers: Vec<T> = own.iter().copied().collect();
        let mut mine = bytemuck::cast_slice::<T, u8>(&numbers).to_vec();
        // Rows, bytes, and what a row is: the size of an element, and up to five extents.
        let mut shape = [
            own.len_of(Axis(0)) as u64,
            mine.len() as u64,
            size_of::<T>() as u64,
            0,
            0,
            0,
            0,
            0,
        ];
        for (place, &extent) in shape[3..].iter_mut().zip(&own.shape()[1..]) {
            *place = extent as u64;
        }
        let shapes = self.all_gather(bytemuck::cast_slice(&shape));
        let of = |bytes: &[u8]| -> [u64; 8] { bytemuck::pod_read_unaligned(bytes) };
        let shapes: Vec<[u64; 8]> = shapes.chunks_exact(64).map(of).collect();
        if let Some(rank) = shapes.iter().position(|other| other[2..] != shapes[0][2..]) {
            let row = |rank: usize| (&shapes[rank][3..], shapes[rank][2]);
            let ((there, bytes), (here, own)) = (row(rank), row(0));
            panic!(
                "rows of rank {rank} have the extents {there:?}, of {bytes} bytes each element, those of rank 0 {here:?}, of {own}"
            );
        }
        let longest = shapes.iter().map(|shape| shape[1]).max().unwrap_or(0) as usize;
        mine.resize(longest, 0);
        let padded = self.all_gather(&mine);
        let mut all: Vec<T> = vec![];
        for (bytes, shape) in padded.chunks(longest.max(1)).zip(&shapes) {
            let numbers = bytes[..shape[1] as usize].chunks_exact(size_of::<T>());
            all.extend(numbers.map(bytemuck::pod_read_unaligned::<T>));
        }
        let rows = |shapes: &[[u64; 8]]| shapes.iter().map(|shape| shape[0] as usize).sum();
        let mut dim = own.raw_dim();
        dim[0] = rows(&shapes);
        let first = rows(&shapes[..self.rank()]);
        let array = Array::from_shape_vec(dim, all).expect("rows of one shape on all ranks");
        (array, first..first + own.len_of(Axis(0)))
    }

    fn counted(&self, to_each: usize) {
        let others = self.size() as u64 - 1;
        self.count.messages.fetch_add(1, Ordering::Relaxed);
        let bytes = to_each as u64 * others;
        self.count.bytes_sent.fetch_add(bytes, Ordering::Relaxed);
    }
}
