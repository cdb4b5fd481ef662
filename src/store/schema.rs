//! The tables: their names, file names and columns, exactly as the input layout has them. Knows no rows.

use std::{fmt, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::market::Interval;

/// A table of the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Daily bars of stocks.
    Daily,
    /// Daily bars of indices.
    Index,
    /// Dividends, bonus and rights issues.
    Actions,
    /// Listings, special treatment and delistings; not every input has it.
    Securities,
    /// Intraday bars of one length.
    Minute(Interval),
    /// Daily bars as each source delivered them, every version of them; filled by the collectors only.
    MultiSource,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 9] = [
        Self::Daily,
        Self::Index,
        Self::Actions,
        Self::Minute(Interval::M1),
        Self::Minute(Interval::M5),
        Self::Minute(Interval::M15),
        Self::Minute(Interval::M60),
        // Last: a table that came later leaves the order of the others, and their digests, as they were.
        Self::Securities,
        Self::MultiSource,
    ];

    /// Returns the name: of the database table, the Parquet directory and the input file's stem.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Index => "index_daily",
            Self::Actions => "corporate_actions",
            Self::Securities => "securities",
            Self::MultiSource => "multi_source_daily",
            Self::Minute(Interval::M1) => "bars_1m",
            Self::Minute(Interval::M5) => "bars_5m",
            Self::Minute(Interval::M15) => "bars_15m",
            Self::Minute(Interval::M60) => "bars_60m",
        }
    }

    /// Returns the table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Returns the column that holds the day, or the instant of an intraday bar.
    #[must_use]
    pub const fn time_column(self) -> &'static str {
        match self {
            Self::Daily | Self::Index | Self::Securities | Self::MultiSource => "date",
            Self::Actions => "ex_date",
            Self::Minute(_) => "ts",
        }
    }

    /// Returns the columns that order the rows of a table, the same as [`super::Row::key`] does.
    #[must_use]
    pub(crate) const fn key_columns(self) -> &'static str {
        match self {
            Self::Daily | Self::Index | Self::Securities => "date, symbol",
            Self::Actions => "ex_date, symbol",
            Self::Minute(_) => "ts, symbol",
            Self::MultiSource => "date, symbol, source, version",
        }
    }

    /// Says whether the table can be handed in as a file of the input layout.
    #[must_use]
    pub(crate) const fn is_input(self) -> bool {
        !matches!(self, Self::MultiSource)
    }

    /// Says whether a digest of everything leaves the table out while it has no row. Stores of before the table
    /// was known, and inputs without it, then keep the digests that they had.
    #[must_use]
    pub(crate) const fn counts_only_with_rows(self) -> bool {
        matches!(self, Self::Securities | Self::MultiSource)
    }

    /// Returns the columns in file order.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        let columns: &[(&str, DataType)] = match self {
            Self::Daily => &DAILY,
            Self::Index => &INDEX,
            Self::Actions => &ACTIONS,
            Self::Securities => &SECURITIES,
            Self::Minute(_) => &MINUTE,
            Self::MultiSource => &MULTI_SOURCE,
        };
        let fields: Vec<Field> = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
        Arc::new(Schema::new(fields))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const TIME: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);
const TEXT: DataType = DataType::Utf8;
const FLOAT: DataType = DataType::Float64;
const INT: DataType = DataType::Int64;

const DAILY: [(&str, DataType); 12] = [
    ("date", TIME),
    ("symbol", TEXT),
    ("open", FLOAT),
    ("high", FLOAT),
    ("low", FLOAT),
    ("close", FLOAT),
    ("volume", INT),
    ("amount", FLOAT),
    ("preclose", FLOAT),
    ("adj_factor", FLOAT),
    ("suspended", DataType::Boolean),
    ("source", TEXT),
];

const INDEX: [(&str, DataType); 7] = [
    ("date", TIME),
    ("symbol", TEXT),
    ("open", FLOAT),
    ("high", FLOAT),
    ("low", FLOAT),
    ("close", FLOAT),
    ("volume", INT),
];

const MINUTE: [(&str, DataType); 9] = [
    ("ts", TIME),
    ("symbol", TEXT),
    ("open", FLOAT),
    ("high", FLOAT),
    ("low", FLOAT),
    ("close", FLOAT),
    ("volume", INT),
    ("amount", FLOAT),
    ("source", TEXT),
];

const SECURITIES: [(&str, DataType); 4] = [("date", TIME), ("symbol", TEXT), ("status", TEXT), ("name", TEXT)];

const MULTI_SOURCE: [(&str, DataType); 14] = [
    ("date", TIME),
    ("symbol", TEXT),
    ("source", TEXT),
    ("version", INT),
    ("open", FLOAT),
    ("high", FLOAT),
    ("low", FLOAT),
    ("close", FLOAT),
    ("volume", INT),
    ("amount", FLOAT),
    ("preclose", FLOAT),
    ("adj_factor", FLOAT),
    ("suspended", DataType::Boolean),
    // Microseconds from 1970-01-01, UTC.
    ("received_at", INT),
];

const ACTIONS: [(&str, DataType); 6] = [
    ("symbol", TEXT),
    ("ex_date", TIME),
    ("cash_per_10", FLOAT),
    ("bonus_per_10", FLOAT),
    ("rights_per_10", FLOAT),
    ("rights_price", FLOAT),
];
