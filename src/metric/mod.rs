//! Measures of returns and predictions: one definition each, with its formula. Pure functions.
