//! Explanations are complete and every step of them is true.

use std::collections::BTreeMap;

use super::catalogue::all;
use super::soundness::{Points, environment};
use super::*;
use crate::ir::Kind;
use crate::ir::eval::eval_all;
use crate::simplify::convert::roots;
use crate::simplify::explain::{Explanation, Form, Step, explain};

#[test]
fn probe() {
    for loss in all() {
        let name = loss.name.clone();
        let gradient = diff::gradient(loss);
        for form in [Form::Kernel, Form::Formula] {
            let start = std::time::Instant::now();
            let e = explain(&gradient, form);
            match e {
                None => println!("{name} {form:?}: NONE {:?}", start.elapsed()),
                Some(e) => println!(
                    "{name} {form:?} {:?} {:?}",
                    e.accounts.iter().map(|a| a.steps.len()).collect::<Vec<_>>(),
                    start.elapsed()
                ),
            }
        }
    }
}
