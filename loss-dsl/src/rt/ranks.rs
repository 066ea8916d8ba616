//! Totals over ranks: what joins the shards of an axis.
//!
//! Results are the same bits on every rank and in every run with as many ranks: numbers are joined in the order of ranks, wherever they are
//! joined. They are cut into a piece for each rank, which joins it and hands the result to the others; where there are few, each rank
//! gets all of them and joins them for itself, in one message instead of two:
//!
//! ```text
//! in pieces   n / R bytes to each of the others, and again    2 n (R − 1) / R
//! at once     n bytes to each of the others                   n (R − 1)
//! ```

use super::{Float, Isa, Kernel, dispatch, halves, rescaled};
use crate::sharding::Ranks;

/// Elements of an array that are exchanged in one go: what is sent and received is copied.
const BLOCK: usize = 1 << 22;
/// Bytes from all others that are few.
const AT_ONCE: usize = 1 << 15;

/// The part of a sharded axis that is here.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'a> {
    /// Those that have the parts.
    pub ranks: &'a Ranks,
    /// The position of the first.
    pub first: usize,
    /// How many.
    pub len: usize,
    /// How many all ranks have.
    pub total: usize,
}

impl Shard<'_> {
    /// Whether a position is here.
    #[inline(always)]
    pub fn owns(&self, position: u32) -> bool {
        (position as usize).wrapping_sub(self.first) < self.len
    }

    /// Where a position is; 0 if it is not here.
    #[inline(always)]
    pub fn local(&self, position: u32) -> u32 {
        let at = (position as usize).wrapping_sub(self.first);
        if at < self.len { at as u32 } else { 0 }
    }
}

/// Numbers of which each rank has its own, and what is to become of them.
#[derive(Debug)]
pub enum Part<'a, F> {
    /// The largest of each; NaN if one is.
    Max(&'a mut [F]),
    /// The sum of each.
    Sum(&'a mut [F]),
    /// The sum of each, as a number and what its rounding lost.
    Pair(&'a mut [F], &'a mut [F]),
    /// The largest of each, in double precision.
    WideMax(&'a mut [f64]),
    /// The sum of each, in double precision.
    WideSum(&'a mut [f64]),
}

/// Joins the numbers of all ranks. Each part is as long on every rank.
pub fn join<F: Float>(shard: &Shard<'_>, parts: &mut [Part<'_, F>]) {
    let ranks = shard.ranks.size();
    if ranks == 1 || parts.is_empty() {
        return;
    }
    if parts.iter().any(|part| part.len() > BLOCK) {
        let (mut first, mut rest): (Vec<_>, Vec<_>) = parts.iter_mut().map(Part::split).unzip();
        join(shard, &mut first);
        return join(shard, &mut rest);
    }
    let everything: usize = parts.iter().map(|part| part.len() * part.width()).sum();
    if everything == 0 {
        return;
    }
    let pieces = if everything * (ranks - 1) <= AT_ONCE {
        1
    } else {
        ranks
    };
    let mut mine = Vec::new();
    for piece in 0..pieces {
        for part in parts.iter() {
            part.write(piece, pieces, &mut mine);
        }
    }
    let size = mine.len() / pieces;
    let received = match pieces {
        1 => shard.ranks.all_gather(&mine),
        _ => shard.ranks.all_to_all(&mine),
    };
    // What each rank sent of the piece that is joined here.
    let sent: Vec<&[u8]> = received.chunks_exact(size).collect();
    let mut joined = Vec::with_capacity(size);
    let mut from = 0;
    for part in parts.iter() {
        let len = part.piece(pieces);
        let of_part: Vec<&[u8]> = sent
            .iter()
            .map(|bytes| &bytes[from..][..len * part.width()])
            .collect();
        part.join(&of_part, len, &mut joined);
        from += len * part.width();
    }
    let all = match pieces {
        1 => joined,
        _ => shard.ranks.all_gather(&joined),
    };
    for (piece, mut bytes) in all.chunks_exact(size).enumerate() {
        for part in parts.iter_mut() {
            let len = part.piece(pieces);
            let (own, rest) = bytes.split_at(len * part.width());
            part.read(piece, len, own);
            bytes = rest;
        }
    }
}

impl<F: Float> Part<'_, F> {
    fn len(&self) -> usize {
        match self {
            Self::Max(all) | Self::Sum(all) | Self::Pair(all, _) => all.len(),
            Self::WideMax(all) | Self::WideSum(all) => all.len(),
        }
    }

    /// Bytes of an element.
    fn width(&self) -> usize {
        match self {
            Self::Max(_) | Self::Sum(_) => size_of::<F>(),
            Self::Pair(..) => 2 * size_of::<F>(),
            Self::WideMax(_) | Self::WideSum(_) => size_of::<f64>(),
        }
    }

    /// Elements of a piece: the last ones may have fewer, and are filled up.
    fn piece(&self, pieces: usize) -> usize {
        self.len().div_ceil(pieces)
    }

    /// The first elements, and the others.
    fn split(&mut self) -> (Part<'_, F>, Part<'_, F>) {
        fn two<T>(all: &mut [T]) -> (&mut [T], &mut [T]) {
            all.split_at_mut(all.len().min(BLOCK))
        }
        fn each<T, P>((a, b): (T, T), part: fn(T) -> P) -> (P, P) {
            (part(a), part(b))
        }
        match self {
            Self::Max(all) => each(two(all), Part::Max),
            Self::Sum(all) => each(two(all), Part::Sum),
            Self::Pair(all, lost) => {
                let ((a, b), (c, d)) = (two(all), two(lost));
                (Part::Pair(a, c), Part::Pair(b, d))
            }
            Self::WideMax(all) => each(two(all), Part::WideMax),
            Self::WideSum(all) => each(two(all), Part::WideSum),
        }
    }

    fn write(&self, piece: usize, pieces: usize, to: &mut Vec<u8>) {
        let len = self.piece(pieces);
        match self {
            Self::Max(all) | Self::Sum(all) => write(all, piece, len, to),
            Self::Pair(all, lost) => {
                write(all, piece, len, to);
                write(lost, piece, len, to);
            }
            Self::WideMax(all) | Self::WideSum(all) => write(all, piece, len, to),
        }
    }

    /// Joins what the ranks sent of a piece.
    fn join(&self, sent: &[&[u8]], len: usize, to: &mut Vec<u8>) {
        let double = |f: fn(f64, f64) -> f64, start, to: &mut Vec<u8>| {
            let joined = fold::<f64>(sent, len, start, f);
            to.extend_from_slice(f64::as_bytes(&joined));
        };
        match self {
            Self::Max(_) => {
                let joined = fold::<F>(sent, len, F::NEG_INFINITY, F::larger);
                to.extend_from_slice(F::as_bytes(&joined));
            }
            Self::Sum(_) => {
                let mut sums = vec![0.0; len];
                for numbers in sent {
                    add(&mut sums, &F::from_bytes(numbers));
                }
                let sums: Vec<F> = sums.into_iter().map(F::from_f64).collect();
                to.extend_from_slice(F::as_bytes(&sums));
            }
            Self::Pair(..) => {
                let mut sums = vec![0.0; len];
                for numbers in sent {
                    let both = F::from_bytes(numbers);
                    let (numbers, lost) = both.split_at(len);
                    let each = numbers.iter().zip(lost);
                    let each: Vec<f64> = each.map(|(a, b)| a.to_f64() + b.to_f64()).collect();
                    add(&mut sums, &each);
                }
                let (sums, lost): (Vec<F>, Vec<F>) = sums.into_iter().map(halves::<F>).unzip();
                to.extend_from_slice(F::as_bytes(&sums));
                to.extend_from_slice(F::as_bytes(&lost));
            }
            Self::WideMax(_) => double(f64::larger, f64::NEG_INFINITY, to),
            Self::WideSum(_) => double(|a, b| a + b, 0.0, to),
        }
    }

    fn read(&mut self, piece: usize, len: usize, from: &[u8]) {
        match self {
            Self::Max(all) | Self::Sum(all) => read(all, piece, len, from),
            Self::Pair(all, lost) => {
                let (numbers, rests) = from.split_at(from.len() / 2);
                read(all, piece, len, numbers);
                read(lost, piece, len, rests);
            }
            Self::WideMax(all) | Self::WideSum(all) => read(all, piece, len, from),
        }
    }
}

/// The elements of a piece, filled up with zeros.
fn write<T: Float>(all: &[T], piece: usize, len: usize, to: &mut Vec<u8>) {
    let end = to.len() + len * size_of::<T>();
    let from = (piece * len).min(all.len());
    let until = (from + len).min(all.len());
    to.extend_from_slice(T::as_bytes(&all[from..until]));
    to.resize(end, 0);
}

fn read<T: Float>(all: &mut [T], piece: usize, len: usize, from: &[u8]) {
    let start = (piece * len).min(all.len());
    for (place, number) in all[start..].iter_mut().zip(T::from_bytes(from)) {
        *place = number;
    }
}

fn add<F: Float>(sums: &mut [f64], numbers: &[F]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += number.to_f64();
    }
}

fn fold<T: Float>(sent: &[&[u8]], len: usize, start: T, join: fn(T, T) -> T) -> Vec<T> {
    let mut joined = vec![start; len];
    for numbers in sent {
        for (joined, number) in joined.iter_mut().zip(T::from_bytes(numbers)) {
            *joined = join(*joined, number);
        }
    }
    joined
}

/// The own sums of `e^(f − before)`, and what their rounding lost, as sums of `e^(f − now)`.
pub fn rescale<F: Float>(sums: &mut [F], lost: &mut [F], before: &[F], now: &[F]) {
    dispatch(Rescale {
        sums,
        lost,
        before,
        now,
    });
}

struct Rescale<'a, F> {
    sums: &'a mut [F],
    lost: &'a mut [F],
    before: &'a [F],
    now: &'a [F],
}

impl<F: Float> Kernel for Rescale<'_, F> {
    type Out = ();

    #[inline(always)]
    fn run<S: Isa>(self, isa: S) {
        let shifts = self.before.iter().zip(self.now);
        let sums = self.sums.iter_mut().zip(self.lost);
        for ((sum, lost), (&before, &now)) in sums.zip(shifts) {
            (*sum, *lost) = halves(rescaled(isa, *sum, *lost, before, now));
        }
    }
}

#[cfg(test)]
mod tests;
