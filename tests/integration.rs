//! The integration tests: one binary, since each links DuckDB, SQLite, libgit2 and libzmq.
