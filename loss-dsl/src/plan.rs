//! How a kernel does its work: which loops and matrix products, what moves, how many operations.

use core::fmt;

/// The plans of all kernels of a loss, as the compiler scheduled them.
///
/// Printing it (`println!("{}", X::derivation().plan())`) shows every step with its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `forward`, `gradient` (value and all gradients), and, where the loss has them, `auxiliary` outputs and
    /// `weights`.
    pub kernels: &'static [KernelPlan],
}

/// The plan of one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelPlan {
    /// Its name.
    pub name: &'static str,
    /// The axis that it goes over in tiles, if there is one. Within a [walk](PlanStep::walk), all steps are done for a tile
    /// before the next tile comes.
    pub tiled: Option<&'static str>,
    /// The steps in order.
    pub steps: &'static [PlanStep],
}

/// A step of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// The walk over tiles that it stands in, from 1.
    pub walk: Option<usize>,
    /// Whether an earlier walk did the same: it is done again only if there are several tiles.
    pub again: bool,
    /// What is done, statement by statement.
    pub text: &'static str,
    /// What it reads.
    pub reads: &'static [PlanArray],
    /// What it writes.
    pub writes: &'static [PlanArray],
    /// Loops along a row, one after the other; 0 for a matrix product and for a scatter.
    pub passes: usize,
    /// Operations, by the axes for whose every element they are done.
    pub operations: &'static [OperationCount],
}

/// An array that a step reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanArray {
    /// The parameter, `d_…` for a gradient, `losses`, or `kept_…` for memory of the kernel's own.
    pub name: &'static str,
    /// Its axes; of what is read at a label, those of the label.
    pub axes: &'static [&'static str],
    /// Whether only a tile of it exists at a time, which stays in cache.
    pub tile: bool,
    /// Whether it holds real numbers; otherwise labels or truth values.
    pub real: bool,
}

/// Operations per element of some axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationCount {
    /// The axes; none: once a call.
    pub axes: &'static [&'static str],
    /// Additions, multiplications, divisions, square roots, extrema, comparisons and selections.
    pub arithmetic: u32,
    /// Exponentials, logarithms, powers, functions of angles.
    pub transcendental: u32,
}

impl Plan {
    /// The plan of a kernel by its name.
    pub fn kernel(&self, name: &str) -> Option<&KernelPlan> {
        self.kernels.iter().find(|kernel| kernel.name == name)
    }
}

impl KernelPlan {
    /// Bytes that must move between memory and the cores, for axes of these extents and numbers of so many bytes: each
    /// array once for every step that reads or writes it, tiles not at all. Labels count as 8 bytes, and
    /// so do truth values, which overestimates them.
    pub fn bytes(&self, extent: impl Fn(&str) -> u64, size_of_number: u64) -> u64 {
        let arrays = self
            .steps
            .iter()
            .flat_map(|step| step.reads.iter().chain(step.writes));
        arrays
            .filter(|array| !array.tile)
            .map(|array| {
                let size = if array.real { size_of_number } else { 8 };
                elements(array.axes, &extent) * size
            })
            .sum()
    }

    /// Arithmetic and transcendental operations, for axes of these extents; what is done again counts again.
    pub fn operations(&self, extent: impl Fn(&str) -> u64) -> (u64, u64) {
        let counts = self.steps.iter().flat_map(|step| step.operations);
        counts.fold((0, 0), |(arithmetic, transcendental), count| {
            let elements = elements(count.axes, &extent);
            (
                arithmetic + elements * u64::from(count.arithmetic),
                transcendental + elements * u64::from(count.transcendental),
            )
        })
    }
}

fn elements(axes: &[&str], extent: &impl Fn(&str) -> u64) -> u64 {
    axes.iter().map(|axis| extent(axis)).product()
}

impl fmt::Display for PlanArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if !self.axes.is_empty() {
            write!(f, "[{}]", self.axes.join(", "))?;
        }
        if self.tile {
            f.write_str(" (a tile)")?;
        }
        Ok(())
    }
}

impl fmt::Display for OperationCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.arithmetic)?;
        if self.transcendental > 0 {
            write!(f, " + {}t", self.transcendental)?;
        }
        write!(f, " per [{}]", self.axes.join(", "))
    }
}

fn joined<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

impl fmt::Display for PlanStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        writeln!(f, "   reads       {}", joined(self.reads))?;
        writeln!(f, "   writes      {}", joined(self.writes))?;
        writeln!(f, "   operations  {}", joined(self.operations))
    }
}

impl fmt::Display for KernelPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        let mut walk = None;
        for (i, step) in self.steps.iter().enumerate() {
            if step.walk.is_some() && step.walk != walk {
                writeln!(f, "  for each tile of {}", self.tiled.unwrap_or_default())?;
            }
            walk = step.walk;
            let indent = if step.walk.is_some() { "    " } else { "  " };
            let again = if step.again {
                "again, if there are several tiles: "
            } else {
                ""
            };
            let text = step.to_string().replace('\n', &format!("\n{indent}"));
            writeln!(f, "{indent}{}. {again}{}", i + 1, text.trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, kernel) in self.kernels.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{kernel}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: PlanStep = PlanStep {
        walk: Some(1),
        again: false,
        text: "for each [N] → losses[N]\n   losses ← 1",
        reads: &[
            PlanArray {
                name: "z",
                axes: &["N", "C"],
                tile: false,
                real: true,
            },
            PlanArray {
                name: "y",
                axes: &["N"],
                tile: false,
                real: false,
            },
            PlanArray {
                name: "kept_1",
                axes: &["N", "C"],
                tile: true,
                real: true,
            },
        ],
        writes: &[PlanArray {
            name: "losses",
            axes: &["N"],
            tile: false,
            real: true,
        }],
        passes: 2,
        operations: &[OperationCount {
            axes: &["N", "C"],
            arithmetic: 3,
            transcendental: 1,
        }],
    };
    const KERNEL: KernelPlan = KernelPlan {
        name: "forward",
        tiled: Some("C"),
        steps: &[STEP],
    };

    fn extent(axis: &str) -> u64 {
        if axis == "C" { 10 } else { 3 }
    }

    #[test]
    fn bytes_and_operations_are_of_the_extents() {
        assert_eq!(KERNEL.bytes(extent, 4), 30 * 4 + 3 * 8 + 3 * 4);
        assert_eq!(KERNEL.operations(extent), (90, 30));
    }

    #[test]
    fn a_plan_prints_its_steps() {
        let plan = Plan { kernels: &[KERNEL] };
        let expected = "\
forward
  for each tile of C
    1. for each [N] → losses[N]
       losses ← 1
       reads       z[N, C], y[N], kept_1[N, C] (a tile)
       writes      losses[N]
       operations  3 + 1t per [N, C]
";
        assert_eq!(plan.to_string(), expected);
        assert_eq!(plan.kernel("forward"), Some(&KERNEL));
        assert_eq!(plan.kernel("gradient"), None);
    }
}
