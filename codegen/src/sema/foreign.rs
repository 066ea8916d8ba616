//! Which losses a definition uses, and which of them are defined elsewhere.

use super::mention::Mentions;
use crate::syntax::ast::Definition;
use std::collections::BTreeSet;

/// The losses that some definition calls and none of them is: to be brought in from outside. A loss has
/// a name like a type, so a misspelt function is not one.
pub fn foreign_losses(definitions: &[Definition]) -> Vec<String> {
    let called: BTreeSet<&str> = definitions
        .iter()
        .flat_map(|d| Mentions::of(&d.body).called)
        .collect();
    let known = |name: &str| definitions.iter().any(|d| d.name.text == name);
    called
        .into_iter()
        .filter(|name| name.starts_with(char::is_uppercase) && !known(name))
        .map(str::to_owned)
        .collect()
}

/// The other definitions that `definition` uses, directly or through others, in their order.
pub fn used_by<'a>(definition: &Definition, definitions: &'a [Definition]) -> Vec<&'a Definition> {
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut called: Vec<String> = Mentions::of(&definition.body)
        .called
        .into_iter()
        .map(str::to_owned)
        .collect();
    while let Some(name) = called.pop() {
        let found = definitions.iter().position(|d| d.name.text == name);
        if let Some(index) = found
            && used.insert(index)
        {
            let more = Mentions::of(&definitions[index].body).called;
            called.extend(more.into_iter().map(str::to_owned));
        }
    }
    used.into_iter()
        .map(|index| &definitions[index])
        .filter(|d| d.name.text != definition.name.text)
        .collect()
}
