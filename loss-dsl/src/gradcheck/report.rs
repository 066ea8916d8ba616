//! Report.
/// Entry.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientEntry {}
/// Report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradientReport {}
