//! Folds every window in constant time a row. The calendar is cut into blocks as long as the window, so a
//! window is the end of one block and the beginning of the next: both are folded once and then merged.
//! Nothing is ever taken out of a fold again, so no digit is lost by cancellation.

/// How values of a window are put together.
pub(super) trait Fold {
    /// What is known of some rows.
    type State: Copy;

    /// Returns the state of no rows.
    fn empty(&self) -> Self::State;

    /// Returns the state of one row, `offset` rows from the beginning of its block.
    fn single(&self, row: usize, offset: usize) -> Self::State;

    /// Puts two stretches together, the older first.
    fn merge(&self, older: Self::State, newer: Self::State) -> Self::State;

    /// Moves a state to the offsets of the block after its own.
    fn aged(&self, state: Self::State) -> Self::State {
        state
    }
}

/// Calls `emit` with each row, its offset, and the state of the window of `rows` rows that ends there.
pub(super) fn fold<F: Fold>(
    folding: &F,
    length: usize,
    rows: usize,
    origin: usize,
    mut emit: impl FnMut(usize, usize, F::State),
) {
    let rows = rows.max(1);
    // Entry k: the offsets k.. of the block before, as seen from the current one.
    let mut older = vec![folding.empty(); rows + 1];
    let (mut row, mut first) = (0, origin % rows);
    while row < length {
        let count = (rows - first).min(length - row);
        let mut newer = folding.empty();
        for (offset, older) in older.iter().skip(1).enumerate().skip(first).take(count) {
            let now = row + offset - first;
            newer = folding.merge(newer, folding.single(now, offset));
            emit(now, offset, folding.merge(*older, newer));
        }
        row += count;
        if row < length {
            let mut state = folding.empty();
            for (offset, older) in older.iter_mut().enumerate().take(rows).rev() {
                if offset >= first {
                    state = folding.merge(folding.single(row + offset - rows, offset), state);
                }
                *older = folding.aged(state);
            }
        }
        first = 0;
    }
}
