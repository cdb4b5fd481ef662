//! Trading rules in action: from target weights to fills, fees and cash.
