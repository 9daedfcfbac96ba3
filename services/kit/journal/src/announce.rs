//! The one place that puts values into the text of a statement: tenants, announced with `BEGIN`.
//!
//! A simple query takes no parameters, and a round trip of its own would cost more than the whole
//! announcement. Nothing but UUIDs gets here, which have no letter that means anything to SQL.

use std::fmt::Write;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use uuid::Uuid;

/// How a transaction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Reads and writes, each statement seeing what was committed before it.
    Writing,
    /// Reads only, likewise.
    Reading,
}

/// Begins a transaction in which the rows of these tenants are visible, and no others.
pub(crate) fn begin(how: Begin, tenants: impl IntoIterator<Item = Uuid>) -> SqlStr {
    let begin = match how {
        Begin::Writing => "BEGIN",
        Begin::Reading => "BEGIN READ ONLY",
    };
    let mut text = format!("{begin}; SET LOCAL app.tenants = '");
    for (at, tenant) in tenants.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        write!(text, "{comma}{}", tenant.hyphenated()).ok();
    }
    text.push('\'');
    AssertSqlSafe(text).into_sql_str()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Begin, begin};

    #[test]
    fn tenants_are_announced_as_a_list_of_uuids() {
        let tenants = [Uuid::nil(), Uuid::max()];
        assert_eq!(
            begin(Begin::Writing, tenants).as_str(),
            "BEGIN; SET LOCAL app.tenants = '00000000-0000-0000-0000-000000000000,\
             ffffffff-ffff-ffff-ffff-ffffffffffff'"
        );
    }
}
