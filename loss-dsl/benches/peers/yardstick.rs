//! What no kernel can beat: moving the bytes, and the matrix products by themselves.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::subject::Size;
use crate::subject::random::normal;

/// Reads as many bytes as the inputs have and writes as many as the gradients: one copied to the other as far as both
/// go, the rest only read, or only written.
pub(crate) struct Move {
    from: Vec<f32>,
    to: Vec<f32>,
}

/// Floats that a thread moves at a time.
const PIECE: usize = 1 << 20;

impl Move {
    pub(crate) fn new(inputs: usize, gradients: usize) -> Self {
        Self {
            from: vec![1.0; inputs / 4],
            to: vec![2.0; gradients / 4],
        }
    }

    pub(crate) fn run(&mut self) -> f32 {
        let common = self.from.len().min(self.to.len());
        let (to, only_written) = self.to.split_at_mut(common);
        let (from, only_read) = self.from.split_at(common);
        // One piece a thread if the array is small.
        let piece = PIECE
            .min(common.div_ceil(rayon::current_num_threads()))
            .max(1);
        to.par_chunks_mut(piece)
            .zip(from.par_chunks(piece))
            .for_each(|(to, from)| to.copy_from_slice(from));
        only_written
            .par_chunks_mut(PIECE)
            .for_each(|piece| piece.fill(3.0));
        only_read.par_chunks(PIECE).map(sum).sum()
    }
}

/// In lanes, so that memory and not the adder is what is waited for.
fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0; 64];
    let (chunks, rest) = values.as_chunks::<64>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().chain(rest).sum()
}

/// The products of a head: logits `X Wᵀ`, and from their gradient `G` those of features `G W` and of class weights `Gᵀ X`.
pub(crate) struct Products {
    size: Size,
    x: Vec<f32>,
    w: Vec<f32>,
    logits: Vec<f32>,
    dx: Vec<f32>,
    dw: Vec<f32>,
}

impl Products {
    pub(crate) fn new(size: Size) -> Self {
        let Size { n, c, d } = size;
        Self {
            size,
            x: normal(0, n * d, 1.0),
            w: normal(1, c * d, 0.05),
            logits: vec![0.0; n * c],
            dx: vec![0.0; n * d],
            dw: vec![0.0; c * d],
        }
    }

    pub(crate) fn run(&mut self) {
        let Size { n, c, d } = self.size;
        let par = Par::rayon(0);
        let x = MatRef::from_row_major_slice(&self.x, n, d);
        let w = MatRef::from_row_major_slice(&self.w, c, d);
        let logits = MatMut::from_row_major_slice_mut(&mut self.logits, n, c);
        matmul(logits, Accum::Replace, x, w.transpose(), 1.0, par);
        let g = MatRef::from_row_major_slice(&self.logits, n, c);
        let dx = MatMut::from_row_major_slice_mut(&mut self.dx, n, d);
        matmul(dx, Accum::Replace, g, w, 1.0, par);
        let dw = MatMut::from_row_major_slice_mut(&mut self.dw, c, d);
        matmul(dw, Accum::Replace, g.transpose(), x, 1.0, par);
    }
}
