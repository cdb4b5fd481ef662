//! Questions in SQL to frames in memory: a database of its own that touches no file. For checks and
//! research; the workspace's tables are not in it.

use std::sync::Arc;

use duckdb::Connection;

use super::{Frame, StoreError, duck};

/// Runs a query over frames, each under its name, and returns its rows.
///
/// # Errors
/// `DuckDb` with what the engine says of the query; `Schema` for a result that is no frame.
pub fn query_frames(frames: &[(&str, &Frame)], sql: &str) -> Result<Frame, StoreError> {
    let failed = |step: &'static str| move |source| StoreError::DuckDb { step, path: ":memory:".into(), source };
    let connection = duck::settings(duckdb::AccessMode::Automatic)
        .and_then(Connection::open_in_memory_with_flags)
        .map_err(failed("open a database in memory"))?;
    duck::lock(&connection).map_err(failed("open a database in memory"))?;
    for (name, frame) in frames {
        let batch = frame.to_batch()?;
        connection.execute_batch(&duck::table(name, &batch.schema())).map_err(failed("make a table"))?;
        let mut appender = connection.appender(name).map_err(failed("append to a table"))?;
        appender.append_record_batch(batch).map_err(failed("append rows"))?;
        appender.flush().map_err(failed("append rows"))?;
    }
    let mut statement = connection.prepare(sql).map_err(failed("prepare a query"))?;
    let rows = statement.query_arrow([]).map_err(failed("run a query"))?;
    let schema = rows.get_schema();
    let batches: Vec<_> = rows.collect();
    Frame::from_batches(":memory:".as_ref(), &Arc::clone(&schema), &batches)
}
