//! What rustc makes of the diagnostics: the place in the user's file, all of them at once, and no errors that follow from them.
//!
//! A crate of its own, since trybuild compiles all that a crate of cases depends on, once more.

#[test]
fn wrong_definitions_are_refused_where_they_are_wrong() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
