//! Joins of ranks that are threads.

use std::fmt::Debug;

use super::{BLOCK, Part, Shard, join, rescale};
use crate::rt::Float;
use crate::sharding::{Ranks, Traffic, threads};

/// The number `i` of a rank: of either sign, and not a round one.
fn number(rank: usize, i: usize) -> f64 {
    ((rank * 7919 + i * 104_729) % 2003) as f64 / 17.0 - 58.0
}

fn with_shard<T: Send>(ranks: usize, body: impl Fn(&Shard<'_>) -> T + Sync) -> Vec<(T, Traffic)> {
    threads(ranks, |communicator| {
        let ranks = Ranks::new(communicator);
        let shard = Shard {
            ranks: &ranks,
            first: 0,
            len: 0,
            total: 0,
        };
        (body(&shard), ranks.traffic())
    })
}

/// What a rank has in the end: numbers, and numbers in double precision.
type OfRank<F> = (Vec<Vec<F>>, Vec<Vec<f64>>);

/// All kinds of parts of one length, joined.
fn joined<F: Float>(ranks: usize, len: usize) -> Vec<OfRank<F>> {
    let results = with_shard(ranks, |shard| {
        let rank = shard.ranks.rank();
        let numbers = || -> Vec<F> { (0..len).map(|i| F::from_f64(number(rank, i))).collect() };
        let doubles = || -> Vec<f64> { (0..len).map(|i| number(rank, i)).collect() };
        let (mut max, mut sum, mut pair) = (numbers(), numbers(), numbers());
        let mut lost = vec![F::from_f64(1e-9); len];
        let (mut wide_max, mut wide_sum) = (doubles(), doubles());
        join(
            shard,
            &mut [
                Part::Max(&mut max),
                Part::Pair(&mut pair, &mut lost),
                Part::WideSum(&mut wide_sum),
                Part::Sum(&mut sum),
                Part::WideMax(&mut wide_max),
            ],
        );
        (vec![max, sum, pair, lost], vec![wide_max, wide_sum])
    });
    results.into_iter().map(|(result, _)| result).collect()
}

fn check<F: Float + Debug>(ranks: usize, len: usize) {
    let all = joined::<F>(ranks, len);
    for (numbers, doubles) in &all {
        assert_eq!(
            (numbers, doubles),
            (&all[0].0, &all[0].1),
            "the same everywhere"
        );
    }
    let ([max, sum, pair, lost], [wide_max, wide_sum]) = (&all[0].0[..], &all[0].1[..]) else {
        unreachable!("as many as were joined")
    };
    for i in 0..len {
        let wide = || (0..ranks).map(|rank| number(rank, i));
        let rounded = || wide().map(|x| F::from_f64(x).to_f64());
        let largest = rounded().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(max[i].to_f64(), largest);
        assert_eq!(sum[i], F::from_f64(rounded().sum()));
        let both = pair[i].to_f64() + lost[i].to_f64();
        let expected: f64 = rounded().map(|x| x + F::from_f64(1e-9).to_f64()).sum();
        assert!((both - expected).abs() <= 1e-14 * expected.abs().max(1.0));
        assert_eq!(wide_max[i], wide().fold(f64::NEG_INFINITY, f64::max));
        assert_eq!(wide_sum[i], wide().sum::<f64>());
    }
}

/// Few numbers go at once, many in pieces, which are not always of equal length.
#[test]
fn all_ranks_get_the_joined_numbers() {
    for ranks in 1..=4 {
        for len in [0, 1, 2, 3, 101, 1000, 1001] {
            check::<f32>(ranks, len);
            check::<f64>(ranks, len);
        }
    }
}

#[test]
fn a_nan_of_one_rank_is_one_of_all() {
    for (maximum, sum) in with_shard(3, |shard| {
        let mine = if shard.ranks.rank() == 1 {
            f32::NAN
        } else {
            2.0
        };
        let (mut maximum, mut sum) = ([mine], [mine]);
        join(shard, &mut [Part::Max(&mut maximum), Part::Sum(&mut sum)]);
        (maximum[0], sum[0])
    })
    .into_iter()
    .map(|(result, _)| result)
    {
        assert!(maximum.is_nan() && sum.is_nan());
    }
}

#[test]
fn long_sums_go_in_blocks() {
    let len = BLOCK + 5;
    let results = with_shard(2, |shard| {
        let mut sums: Vec<f32> = (0..len)
            .map(|i| number(shard.ranks.rank(), i) as f32)
            .collect();
        let mut few = [1.0f32; 3];
        join(shard, &mut [Part::Sum(&mut sums), Part::Sum(&mut few)]);
        (sums, few)
    });
    for ((sums, few), traffic) in results {
        for i in [0, 1, BLOCK - 1, BLOCK, len - 1] {
            let expected = number(0, i) as f32 + number(1, i) as f32;
            assert_eq!(sums[i], expected);
        }
        assert_eq!(few, [2.0; 3]);
        // Two messages in pieces for the first block, of which each rank has half; one message for the rest.
        assert_eq!(traffic.messages, 3);
        assert_eq!(traffic.bytes_sent, 2 * 4 * (BLOCK as u64 / 2 + 2) + 4 * 5);
    }
}

#[test]
fn sums_follow_their_shift() {
    let (mut sums, mut lost) = ([2.0f64, 0.0, 3.0], [0.0; 3]);
    rescale(
        &mut sums,
        &mut lost,
        &[1.0, f64::MIN, 5.0],
        &[1.0, 7.0, 5.0 + 3f64.ln()],
    );
    assert_eq!(sums[..2], [2.0, 0.0]);
    assert!((sums[2] - 1.0).abs() < 1e-15);
}

#[test]
fn positions_of_a_shard_are_its_own() {
    let ranks = Ranks::new(std::sync::Arc::new(crate::sharding::Alone));
    let shard = Shard {
        ranks: &ranks,
        first: 10,
        len: 3,
        total: 20,
    };
    let owned: Vec<u32> = (0..20).filter(|&position| shard.owns(position)).collect();
    assert_eq!(owned, [10, 11, 12]);
    let local = [9, 10, 11, 12, 13].map(|position| shard.local(position));
    assert_eq!(local, [0, 0, 1, 2, 0]);
}
