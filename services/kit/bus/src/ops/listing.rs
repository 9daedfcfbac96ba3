//! Pages of short lists that are held in memory: in order of name, the last name is the token.

/// Takes a page, and the name that it ends with if more follow.
pub(super) fn page<T>(
    all: Vec<T>,
    name: impl Fn(&T) -> &str,
    after: Option<String>,
    size: usize,
) -> (Vec<T>, Option<String>) {
    let after = after.unwrap_or_default();
    let mut rest = all.into_iter().filter(|it| name(it) > after.as_str());
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let last = page.last().map(|it| name(it).to_owned());
    let more = rest.next().is_some();
    (page, last.filter(|_| more))
}
