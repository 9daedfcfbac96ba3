//! No function is longer than a screen or asks for more than five things.

use crate::breach::{Breach, Held, hold};
use crate::files::median;
use crate::rust::Function;
use crate::sources::Sources;

#[cfg(test)]
mod tests;

const LINES_MAX: usize = 60;
/// A test tells a story, with its data in it.
const TEST_LINES_MAX: usize = 80;
const PARAMETERS_MAX: usize = 5;
/// Half of all functions in the product are shorter.
const MEDIAN_LINES_BELOW: usize = 10;

#[test]
fn no_function_is_longer_than_its_cap() -> Held {
    hold(too_long)
}

#[test]
fn no_function_takes_more_than_five_parameters() -> Held {
    hold(too_many_parameters)
}

#[test]
fn the_median_function_is_short() -> Held {
    let sources = crate::sources::of_this_repository()?;
    println!("median function: {} lines", median(lengths(sources)));
    hold(median_too_long)
}

fn too_long(sources: &Sources) -> Vec<Breach> {
    every_function(sources, |function, in_test| {
        let cap = if in_test { TEST_LINES_MAX } else { LINES_MAX };
        let message = format!(
            "`{}` has {} lines, the cap is {cap}: split it",
            function.name, function.lines
        );
        (function.lines > cap).then_some(message)
    })
}

fn too_many_parameters(sources: &Sources) -> Vec<Breach> {
    every_function(sources, |function, _| {
        let (name, number) = (&function.name, function.parameters);
        let advice = "a struct of its own says what belongs together";
        let message =
            format!("`{name}` has {number} parameters, the cap is {PARAMETERS_MAX}: {advice}");
        (number > PARAMETERS_MAX).then_some(message)
    })
}

fn median_too_long(sources: &Sources) -> Vec<Breach> {
    let median = median(lengths(sources));
    let message = format!("the median function has {median} lines, not < {MEDIAN_LINES_BELOW}");
    let breach = Breach::new(".", 1, message + ": name the steps of the longest");
    if median < MEDIAN_LINES_BELOW {
        Vec::new()
    } else {
        vec![breach]
    }
}

fn lengths(sources: &Sources) -> Vec<usize> {
    let product = sources.rust().filter(|(source, _)| !source.test);
    let functions = product.flat_map(|(_, rust)| &rust.functions);
    functions
        .filter(|function| !function.in_test)
        .map(|function| function.lines)
        .collect()
}

/// Asks each function, and whether it is of a test, for what is wrong with it.
fn every_function(
    sources: &Sources,
    wrong: impl Fn(&Function, bool) -> Option<String>,
) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (source, rust) in sources.rust() {
        for function in &rust.functions {
            let message = wrong(function, source.test || function.in_test);
            breaches.extend(message.map(|message| source.breach(function.line, message)));
        }
    }
    breaches
}
