//! A Markdown page, taken apart into prose and code.

/// Returns the lines of prose, with the code in them taken out.
pub fn prose(text: &str) -> Vec<(usize, String)> {
    let lines = told_apart(text)
        .into_iter()
        .filter(|(_, _, fenced)| !fenced);
    lines
        .map(|(line, text, _)| (line, spans(text, false).concat()))
        .collect()
}

/// Returns the code: each line between fences, and each span in a line of prose.
pub fn code(text: &str) -> Vec<(usize, String)> {
    let mut code = Vec::new();
    for (line, text, fenced) in told_apart(text) {
        if fenced {
            code.push((line, text.to_owned()));
        } else {
            code.extend(
                spans(text, true)
                    .into_iter()
                    .map(|span| (line, span.to_owned())),
            );
        }
    }
    code
}

/// Returns the pieces of a line within backticks, or those without.
fn spans(text: &str, within: bool) -> Vec<&str> {
    let pieces = text.split('`').enumerate();
    pieces
        .filter(|(at, _)| (at % 2 == 1) == within)
        .map(|(_, piece)| piece)
        .collect()
}

/// Returns each line with its number and whether it lies between fences.
fn told_apart(text: &str) -> Vec<(usize, &str, bool)> {
    let mut lines = Vec::new();
    let mut fence = None;
    for (at, text) in text.lines().enumerate() {
        let opening = ["```", "~~~"]
            .into_iter()
            .find(|it| text.trim_start().starts_with(it));
        match (fence, opening) {
            (None, Some(_)) => fence = opening,
            (Some(open), Some(sign)) if open == sign => fence = None,
            _ => lines.push((at + 1, text, fence.is_some())),
        }
    }
    lines
}
