//! What is wrong with a sharded call: the same error on every rank, and no rank waits for one that has given up.

use loss_dsl::losses::{ArcFace, CosFace, Huber, SoftmaxCrossEntropy};
use loss_dsl::sharding::{Communicator, Ranks, Sharded, ShardedLoss, threads};
use loss_dsl::{Error, GradientTargets, Inputs, Loss, Reduction, Upstream, check_gradients};
use ndarray::{Array1, Array2, array};
use std::sync::Arc;

fn x(columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((3, columns), |(n, d)| (n as f32 - d as f32) * 0.4 + 0.1)
}

fn w(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(c, d)| (c * 3 + d) as f32 * 0.2 - 0.5)
}

/// The message that all of three ranks end with.
fn refused(body: impl Fn(usize, Sharded<ArcFace>) -> Result<(), Error> + Sync) -> String {
    let messages = threads(3, |communicator: Arc<dyn Communicator>| {
        let rank = communicator.rank();
        let loss = ArcFace::default()
            .sharded("C", communicator)
            .expect("the axis that may be");
        body(rank, loss)
            .expect_err("something is wrong")
            .to_string()
    });
    assert!(
        messages.iter().all(|message| *message == messages[0]),
        "{messages:?}"
    );
    messages[0].clone()
}

fn call(
    rank: usize,
    loss: &Sharded<ArcFace>,
    change: impl Fn(usize, &mut Array2<f32>, &mut Array2<f32>, &mut Array1<i64>),
) -> Result<(), Error> {
    let (mut x, mut w, mut y) = (x(4), w(2, 4), array![0, 5, 3]);
    change(rank, &mut x, &mut w, &mut y);
    loss.differentiate(&Inputs::from((&x, &w, &y))).map(|_| ())
}

#[test]
fn a_correct_call_is_not_refused() {
    let values = threads(3, |communicator| {
        let rank = communicator.rank();
        let loss = ArcFace::default().sharded("C", communicator)?;
        call(rank, &loss, |_, _, _, _| {})
    });
    assert!(values.iter().all(Result::is_ok), "{values:?}");
}

#[test]
fn a_wrong_shape_on_one_rank() {
    let message = refused(|rank, loss| {
        call(rank, &loss, |rank, _, part, _| {
            if rank == 1 {
                *part = w(2, 5);
            }
        })
    });
    assert_eq!(
        message,
        "rank 1: `w`: shape [2, 5] given, but axis D has extent 4, set by `x`"
    );
    let message = refused(|rank, loss| {
        call(rank, &loss, |rank, features, part, _| {
            if rank == 2 {
                (*features, *part) = (x(5), w(2, 5));
            }
        })
    });
    assert_eq!(
        message,
        "rank 2 and rank 0 differ: the extent of axis D (5 there, 4 on rank 0)"
    );
}

#[test]
fn other_features_or_labels_on_one_rank() {
    let what = |name: &str| {
        format!(
            "rank 1 and rank 0 differ: the elements of `{name}`, which every rank must have alike (`gather_rows` brings samples together)"
        )
    };
    let message = refused(|rank, loss| {
        call(rank, &loss, |rank, features, _, _| {
            features[[2, 3]] += if rank == 1 { 1e-7 } else { 0.0 };
        })
    });
    assert_eq!(message, what("x"));
    let message = refused(|rank, loss| {
        call(rank, &loss, |rank, _, _, labels| {
            labels[1] -= i64::from(rank == 1);
        })
    });
    assert_eq!(message, what("y"));
}

#[test]
fn a_label_that_no_rank_has() {
    let message = refused(|rank, loss| call(rank, &loss, |_, _, _, labels| labels[2] = 6));
    assert_eq!(
        message,
        "`y`: label 6 at [2] is not a position on axis C, which has extent 6"
    );
}

#[test]
fn no_classes_at_all() {
    let message = refused(|rank, loss| call(rank, &loss, |_, _, part, _| *part = w(0, 4)));
    assert_eq!(
        message,
        "`w`: shape [0, 4] given, but axis C must not be empty"
    );
}

#[test]
fn another_number_type_on_one_rank() {
    let message = refused(|rank, loss| {
        let (x, w, y) = (x(4), w(2, 4), array![0, 5, 3]);
        if rank == 1 {
            let (x, w) = (x.mapv(f64::from), w.mapv(f64::from));
            return loss.evaluate(&Inputs::from((&x, &w, &y))).map(|_| ());
        }
        loss.evaluate(&Inputs::from((&x, &w, &y))).map(|_| ())
    });
    assert_eq!(message, "rank 1 and rank 0 differ: the number type");
}

#[test]
fn another_method_or_other_settings_on_one_rank() {
    let (x, w, y) = (x(4), w(2, 4), array![0, 5, 3]);
    let inputs = || Inputs::from((&x, &w, &y));
    let message = refused(|rank, loss| match rank {
        2 => loss.evaluate(&inputs()).map(|_| ()),
        _ => loss.differentiate(&inputs()).map(|_| ()),
    });
    assert_eq!(message, "rank 2 and rank 0 differ: which method is called");
    let message = refused(|rank, mut loss| {
        if rank == 2 {
            loss.set_scalar("m", 0.3);
        }
        loss.differentiate(&inputs()).map(|_| ())
    });
    assert_eq!(message, "rank 2 and rank 0 differ: its scalars and flags");
    let message = refused(|rank, loss| {
        let loss = match rank {
            2 => loss.with_reduction(Reduction::Sum),
            _ => loss,
        };
        loss.differentiate(&inputs()).map(|_| ())
    });
    assert_eq!(message, "rank 2 and rank 0 differ: its options");
    let messages = threads(2, |communicator| {
        let message = match communicator.rank() {
            0 => ArcFace::default()
                .sharded("C", communicator)?
                .evaluate(&inputs()),
            _ => CosFace::default()
                .sharded("C", communicator)?
                .evaluate(&inputs()),
        };
        message.map(|_| ())
    });
    let expected = Err(Error::Disagreement {
        rank: 1,
        what: "which loss is called".to_owned(),
    });
    assert_eq!(messages, [expected.clone(), expected]);
}

#[test]
fn a_wrong_scalar_on_one_rank() {
    let (x, w, y) = (x(4), w(2, 4), array![0, 5, 3]);
    let message = refused(|rank, mut loss| {
        if rank == 1 {
            loss.set_scalar("s", -1.0);
        }
        loss.evaluate(&Inputs::from((&x, &w, &y))).map(|_| ())
    });
    assert!(message.starts_with("rank 1: `s`: -1 given"), "{message}");
}

/// Buffers are untouched on all ranks.
#[test]
fn a_gradient_of_a_wrong_shape_on_one_rank() {
    let (x, w, y) = (x(4), w(2, 4), array![0, 5, 3]);
    let message = refused(|rank, loss| {
        let (mut dx, mut dw) = (x.mapv(|_| 7.0), w.mapv(|_| 7.0));
        if rank == 2 {
            dw = Array2::from_elem((4, 2), 7.0);
        }
        let targets = GradientTargets::new().tensor(&mut dx).tensor(&mut dw);
        let result = loss.differentiate_into(&Inputs::from((&x, &w, &y)), targets);
        assert!(dx.iter().chain(&dw).all(|&slope| slope == 7.0));
        result.map(|_| ())
    });
    assert_eq!(
        message,
        "rank 2: gradient of `w`: shape [4, 2] given, the input has shape [2, 4]"
    );
}

#[test]
fn upstream_gradients_that_differ() {
    let (x, w, y) = (x(4), w(2, 4), array![0, 5, 3]);
    let message = refused(|rank, loss| {
        let (_, saved) = loss.save::<f32, ()>(Inputs::from((&x, &w, &y)))?;
        let factor = if rank == 1 { 2.0 } else { 1.0 };
        saved.pull_back(Upstream::Scalar(factor)).map(|_| ())
    });
    assert_eq!(message, "rank 1 and rank 0 differ: the upstream gradient");
    let message = refused(|rank, loss| {
        let (_, saved) = loss.save::<f32, ()>(Inputs::from((&x, &w, &y)))?;
        let each = Array1::zeros(if rank == 1 { 3 } else { 4 });
        saved.pull_back(Upstream::per_sample(&each)).map(|_| ())
    });
    assert_eq!(
        message,
        "rank 0: upstream gradient: one of shape [4] given, a scalar expected"
    );
}

#[test]
fn axes_that_cannot_be_sharded() {
    let communicator: Arc<dyn Communicator> = Arc::new(loss_dsl::sharding::Alone);
    let of = |axis: &str| ArcFace::default().sharded(axis, Arc::clone(&communicator));
    assert_eq!(
        of("D").unwrap_err().to_string(),
        "axis D of ArcFace cannot be sharded: of its axes, C can"
    );
    assert!(of("C").is_ok());
    let huber = Huber::default().sharded("N", Arc::clone(&communicator));
    assert_eq!(
        huber.unwrap_err().to_string(),
        "axis N of Huber cannot be sharded: none can, since each is of the batch or has its dimension in common with another"
    );
    let softmax = SoftmaxCrossEntropy::default().sharded("N", communicator);
    assert!(softmax.is_err());
}

/// What is wrong on all ranks alike is an error as without ranks.
#[test]
fn the_same_mistake_on_all_ranks() {
    let (x, w, y) = (x(4), w(2, 5), array![0, 5, 3]);
    let message = refused(|_, loss| {
        let error = loss.evaluate(&Inputs::from((&x, &w, &y))).map(|_| ());
        assert!(
            matches!(error, Err(Error::Extent { input: "w", .. })),
            "{error:?}"
        );
        error
    });
    assert_eq!(
        message,
        "`w`: shape [2, 5] given, but axis D has extent 4, set by `x`"
    );
}

/// Every rank passes all of the classes.
#[test]
fn more_classes_than_there_are() {
    let (x, w, y) = (x(4), w(6, 4), array![0, 5, 3]);
    let inputs = || Inputs::from((&x, &w, &y));
    let message = refused(|_, loss| loss.with_total(6).evaluate(&inputs()).map(|_| ()));
    assert_eq!(
        message,
        "axis C: all ranks together have 18 positions, 6 expected"
    );
    let results = threads(3, |communicator| {
        let loss = ArcFace::default().sharded("C", communicator)?;
        loss.with_total(18).evaluate(&inputs()).map(|_| ())
    });
    assert!(results.iter().all(Result::is_ok));
}

#[test]
fn gradients_are_checked_on_the_whole() {
    let (x, w, y) = (
        x(4).mapv(f64::from),
        w(2, 4).mapv(f64::from),
        array![0, 5, 3],
    );
    let message = refused(|_, loss| check_gradients(&loss, (&x, &w, &y)).map(|_| ()));
    assert!(
        message.starts_with("gradients of ArcFace can be checked where it has all"),
        "{message}"
    );
}

#[test]
#[should_panic(expected = "rank")]
fn rows_of_other_shapes() {
    threads(2, |communicator| {
        let columns = 3 + communicator.rank();
        Ranks::new(communicator).gather_rows(&x(columns));
    });
}
