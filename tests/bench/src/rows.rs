//! The rows of the table. A name stands here once, for those who measure and those who judge.

/// The rows of one contestant, by how many callers it has.
pub type Rows = [(usize, &'static str); 3];

pub const TINY_1: &str = "one row a commit, 1 caller";
pub const TINY_64: &str = "one row a commit, 64 callers";
pub const RAW_COLD: &str = "raw batches of 512, cold";
pub const RAW_HOT: &str = "raw batches of 512, hot";
pub const USUAL_HOT_512: &str = "usual service, hot, 512";
pub const JOURNAL_COLD_1: &str = "journal in process, cold, 1";
pub const JOURNAL_HOT_1: &str = "journal in process, hot, 1";
pub const JOURNAL_COLD_512: &str = "journal in process, cold, 512";
pub const JOURNAL_HOT_512: &str = "journal in process, hot, 512";
pub const REMOTE_COLD_512: &str = "rpc over TCP, cold, 512";
pub const REMOTE_HOT_512: &str = "rpc over TCP, hot, 512";
pub const LOCAL_COLD: &str = "rpc in process, cold, 512";
pub const LOCAL_HOT: &str = "rpc in process, hot, 512";
pub const UNTRACED: &str = "rpc over TCP, hot, 512, not traced";
pub const TRACED: &str = "rpc over TCP, hot, 512, traced at 1 %";
pub const ECHO: &str = "bare tonic echo of a product, 64";
pub const PRODUCT: &str = "product in memory behind the edge, 64";

pub const USUAL_COLD: Rows = [
    (1, "usual service, cold, 1"),
    (64, "usual service, cold, 64"),
    (512, "usual service, cold, 512"),
];
pub const USUAL_HOT: Rows = [
    (1, "usual service, hot, 1"),
    (64, "usual service, hot, 64"),
    (512, USUAL_HOT_512),
];
pub const JOURNAL_COLD: Rows = [
    (1, JOURNAL_COLD_1),
    (64, "journal in process, cold, 64"),
    (512, JOURNAL_COLD_512),
];
pub const JOURNAL_HOT: Rows = [
    (1, JOURNAL_HOT_1),
    (64, "journal in process, hot, 64"),
    (512, JOURNAL_HOT_512),
];
pub const REMOTE_COLD: Rows = [
    (1, "rpc over TCP, cold, 1"),
    (64, "rpc over TCP, cold, 64"),
    (512, REMOTE_COLD_512),
];
pub const REMOTE_HOT: Rows = [
    (1, "rpc over TCP, hot, 1"),
    (64, "rpc over TCP, hot, 64"),
    (512, REMOTE_HOT_512),
];
