//! Every way to write a bare spawn is found.

use super::bare_spawns;
use crate::breach::places;
use crate::sources::Sources;

#[test]
fn a_bare_spawn_is_found_however_it_is_written() {
    let text = "
        use tokio::{spawn as go, task};
        fn a() { tokio::spawn(b); }
        fn c() { task::spawn(d); }
        fn e() { select! { _ = f => { ::tokio::spawn(g); } } }
        fn h() { set.spawn(i); task::yield_now(); std::thread::spawn(j); }";
    let sources = Sources::of(&[
        ("services/order/src/app.rs", text),
        ("services/kit/chassis/src/tasks.rs", text),
    ]);
    let expected = [2, 3, 4, 5].map(|line| format!("services/order/src/app.rs:{line}"));
    assert_eq!(places(&bare_spawns(&sources)), expected);
}
