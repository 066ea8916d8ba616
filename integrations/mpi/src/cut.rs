//! Long messages, cut into several that are not.

/// Exchanges `mine`, of `sent` pieces of equal length, for `received`, of `ranks` pieces of that length, in messages that bring at
/// most `limit` bytes, or one byte of each rank. `exchange` has the same two, or so much of each piece that they are within the limit.
///
/// Nothing is copied if nothing is cut, and nothing is exchanged if pieces are empty.
pub(crate) fn cut(
    limit: usize,
    sent: usize,
    mine: &[u8],
    ranks: usize,
    received: &mut [u8],
    mut exchange: impl FnMut(&[u8], &mut [u8]),
) {
    let piece = received.len() / ranks;
    if piece == 0 {
        return;
    }
    if received.len() <= limit {
        exchange(mine, received);
        return;
    }
    let most = (limit / ranks).max(1);
    let mut sending = Vec::with_capacity(sent * most);
    let mut arrived = vec![0; ranks * most];
    for from in (0..piece).step_by(most) {
        let len = most.min(piece - from);
        sending.clear();
        for own in mine.chunks_exact(piece) {
            sending.extend_from_slice(&own[from..][..len]);
        }
        let arrived = &mut arrived[..ranks * len];
        exchange(&sending, arrived);
        for (place, bytes) in received
            .chunks_exact_mut(piece)
            .zip(arrived.chunks_exact(len))
        {
            place[from..][..len].copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use loss_dsl::sharding::threads;

    use super::*;

    /// What rank `from` has for rank `to`.
    fn bytes(from: usize, to: usize, piece: usize) -> impl Iterator<Item = u8> {
        (0..piece).map(move |at| (100 * from + 30 * to + at) as u8)
    }

    /// The lengths of what rank 0 received.
    fn exchanged(limit: usize, ranks: usize, piece: usize, gather: bool) -> Vec<usize> {
        let lengths = Mutex::new(vec![]);
        threads(ranks, |communicator| {
            let (rank, sent) = (communicator.rank(), if gather { 1 } else { ranks });
            let mine: Vec<u8> = (0..sent).flat_map(|to| bytes(rank, to, piece)).collect();
            let mut received = vec![0; ranks * piece];
            cut(
                limit,
                sent,
                &mine,
                ranks,
                &mut received,
                |mine, received| {
                    match gather {
                        true => communicator.all_gather(mine, received),
                        false => communicator.all_to_all(mine, received),
                    }
                    if rank == 0 {
                        lengths.lock().unwrap().push(received.len());
                    }
                },
            );
            let to = if gather { 0 } else { rank };
            let expected: Vec<u8> = (0..ranks).flat_map(|from| bytes(from, to, piece)).collect();
            assert_eq!(received, expected);
        });
        lengths.into_inner().unwrap()
    }

    #[test]
    fn what_is_cut_is_put_together() {
        for gather in [true, false] {
            assert_eq!(exchanged(30, 3, 10, gather), [30]);
            assert_eq!(exchanged(29, 3, 10, gather), [27, 3]);
            assert_eq!(exchanged(12, 3, 10, gather), [12, 12, 6]);
            assert_eq!(exchanged(1, 3, 2, gather), [3, 3]);
            assert_eq!(exchanged(4, 1, 10, gather), [4, 4, 2]);
            assert_eq!(exchanged(4, 3, 0, gather), [0; 0]);
        }
    }
}
