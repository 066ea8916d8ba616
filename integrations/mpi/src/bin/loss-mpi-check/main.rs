//! What `tests/ranks.rs` runs on every rank: the other half of this crate's tests, and of no use by itself.
//!
//! ```text
//! mpirun -n 3 loss-mpi-check values          sharded losses against unsharded ones; panics at a difference
//! mpirun -n 3 loss-mpi-check refused CASE    a call that is wrong on a rank: prints what each rank is told
//! mpirun -n 2 loss-mpi-check traffic C       ArcFace over C classes: prints what each rank sent
//! mpirun -n 2 loss-mpi-check ends HOW        rank 1 ends while the others wait for it
//! ```

mod arrays;
mod refused;
mod sampled;
mod values;

use std::error::Error;

use loss_dsl::Loss;
use loss_dsl::losses::ArcFace;
use loss_dsl::sharding::{ShardedLoss, Shards, Traffic};
use loss_mpi::Mpi;

use arrays::{Arrays, Extents};

/// What a rank has to say. Written at once: ranks share their output.
fn say(rank: usize, what: &str) {
    use std::io::Write;
    let line = format!("rank {rank}: {what}\n");
    let mut output = std::io::stdout().lock();
    let written = output.write_all(line.as_bytes());
    written.and_then(|()| output.flush()).expect("an output");
}

fn traffic(mpi: &Mpi, classes: usize) -> Result<(), Box<dyn Error>> {
    let world = mpi.world();
    let extents = Extents {
        samples: 32,
        features: 16,
        classes,
    };
    let whole = Arrays::<f32>::margin(extents, 1);
    let range = Shards::even(classes, world.size()).range(world.rank());
    let part = whole.part(range);
    let loss = ArcFace::default().sharded("C", world.clone())?;
    loss.differentiate(&part.inputs())?;
    let Traffic {
        messages,
        bytes_sent,
    } = loss.traffic();
    say(
        world.rank(),
        &format!("{messages} messages, {bytes_sent} bytes sent"),
    );
    Ok(())
}

fn ends(mpi: &Mpi, how: &str) -> Result<(), Box<dyn Error>> {
    let world = mpi.world();
    let extents = Extents {
        samples: 8,
        features: 4,
        classes: 20,
    };
    let range = Shards::even(20, world.size()).range(world.rank());
    let part = Arrays::<f32>::margin(extents, 1).part(range);
    let loss = ArcFace::default().sharded("C", world.clone())?;
    for step in 0..4 {
        if (world.rank(), step) == (1, 2) {
            match how {
                "kill" => std::process::abort(),
                "exit" => std::process::exit(3),
                "panic" => panic!("rank 1 has panicked"),
                "early" => return Ok(()),
                "abort" => mpi.abort("a file is missing"),
                _ => return Err(format!("no end {how}").into()),
            }
        }
        loss.differentiate(&part.inputs())?;
    }
    say(world.rank(), "is here at the end");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mpi = Mpi::new()?;
    assert!(Mpi::new().is_err(), "MPI starts once");
    match arguments[..] {
        ["values"] => {
            values::check(&mpi.world())?;
            sampled::check(&mpi.world())
        }
        ["refused", case] => refused::check(&mpi.world(), case),
        ["traffic", classes] => traffic(&mpi, classes.parse()?),
        ["ends", how] => ends(&mpi, how),
        _ => mpi.abort("what is to be checked?"),
    }
}
