//! Computes the steps of a plan: one symbol after another within a thread, the symbols divided among the
//! threads. A symbol's values do not depend on the division.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{
    element::{self, Operand},
    graph::{Graph, Node},
    plan::{Family, Step, Work},
    rolling,
};

/// Rows of the input that belong to one symbol, and how many of the last of them are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The first row that is read.
    pub(super) start: usize,
    /// The row after the last.
    pub(super) end: usize,
    /// The calendar's number of the first row that is read.
    pub(super) origin: usize,
    /// How many of the last rows are wanted.
    pub(super) wanted: usize,
}

/// What is computed.
pub(super) struct Job<'a> {
    pub(super) graph: &'a Graph,
    pub(super) steps: &'a [Step],
    /// The node of each output column.
    pub(super) roots: &'a [usize],
    /// The input columns, in the order of the graph's fields.
    pub(super) fields: &'a [&'a [f64]],
    /// Hears how many symbols of how many are done.
    pub(super) progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// Returns how many threads to use where nobody said.
#[must_use]
pub fn threads_available() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Computes every stretch; a column holds their wanted rows back to back.
pub(super) fn run(job: &Job<'_>, stretches: &[Stretch], threads: usize) -> Vec<Vec<f64>> {
    let total: usize = stretches.iter().map(|stretch| stretch.wanted).sum();
    let mut columns: Vec<Vec<f64>> = job.roots.iter().map(|_| vec![0.0; total]).collect();
    let (shares, done) = (shares(stretches, threads), AtomicUsize::new(0));
    let told = || (job.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, stretches.len());
    let mut rest: Vec<&mut [f64]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    if let [share] = *shares {
        // One thread is this one.
        Worker::new(job).symbols(share, &mut rest, &told);
        return columns;
    }
    thread::scope(|scope| {
        for share in shares {
            let rows = share.iter().map(|stretch| stretch.wanted).sum();
            let mut own = split(&mut rest, rows);
            let told = &told;
            scope.spawn(move || Worker::new(job).symbols(share, &mut own, told));
        }
    });
    columns
}

/// Takes the first rows off every column.
fn split<'a>(columns: &mut [&'a mut [f64]], rows: usize) -> Vec<&'a mut [f64]> {
    let columns = columns.iter_mut().map(|column| {
        let whole = std::mem::take(column);
        let (own, rest) = whole.split_at_mut(rows.min(whole.len()));
        *column = rest;
        own
    });
    columns.collect()
}

/// Divides the stretches into runs of about as many rows.
fn shares(stretches: &[Stretch], threads: usize) -> Vec<&[Stretch]> {
    let rows = |part: &[Stretch]| part.iter().map(|stretch| stretch.end - stretch.start).sum::<usize>();
    let mut rest = stretches;
    let mut shares = Vec::new();
    for left in (1..=threads.clamp(1, 256)).rev() {
        let fair = rows(rest).div_ceil(left);
        let mut count = 0;
        let mut taken = 0;
        while taken < fair
            && let Some(stretch) = rest.get(count)
        {
            taken += stretch.end - stretch.start;
            count += 1;
        }
        let (own, others) = rest.split_at(count);
        if !own.is_empty() {
            shares.push(own);
        }
        rest = others;
    }
    shares
}

/// One thread's buffers.
struct Worker<'a> {
    job: &'a Job<'a>,
    /// The values of the nodes that are needed now.
    values: Vec<Vec<f64>>,
    spare: Vec<Vec<f64>>,
}

impl<'a> Worker<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        Self { job, values: vec![Vec::new(); job.graph.nodes().len()], spare: Vec::new() }
    }

    /// Computes stretches one after the other; `outputs` hold their wanted rows back to back.
    fn symbols(&mut self, share: &[Stretch], outputs: &mut [&mut [f64]], told: &dyn Fn()) {
        for stretch in share {
            self.symbol(*stretch, &mut split(outputs, stretch.wanted));
            told();
        }
    }

    fn symbol(&mut self, stretch: Stretch, outputs: &mut [&mut [f64]]) {
        let length = stretch.end - stretch.start;
        for step in self.job.steps {
            let mut results: Vec<Vec<f64>> = step.gives.iter().map(|_| self.buffer(length)).collect();
            self.step(&step.work, stretch, &mut results);
            for (at, result) in step.gives.iter().zip(results) {
                self.deliver(*at, &result, stretch, outputs);
                if let Some(slot) = self.values.get_mut(*at) {
                    *slot = result;
                }
            }
            for at in &step.frees {
                let buffer = self.values.get_mut(*at).map(std::mem::take).unwrap_or_default();
                if buffer.capacity() > 0 {
                    self.spare.push(buffer);
                }
            }
        }
        self.deliver_inputs(stretch, outputs);
    }

    /// Copies the wanted rows of a node to the columns that show it.
    fn deliver(&self, at: usize, result: &[f64], stretch: Stretch, outputs: &mut [&mut [f64]]) {
        let wanted = result.get(result.len().saturating_sub(stretch.wanted)..).unwrap_or_default();
        for (_, output) in self.job.roots.iter().zip(outputs).filter(|(root, _)| **root == at) {
            if output.len() == wanted.len() {
                output.copy_from_slice(wanted);
            }
        }
    }

    /// Fills the columns that are a number or an input column as it is.
    fn deliver_inputs(&self, stretch: Stretch, outputs: &mut [&mut [f64]]) {
        for (at, root) in self.job.roots.iter().enumerate() {
            let Some(output) = outputs.get_mut(at) else { continue };
            let shown = match self.job.graph.node(*root) {
                Node::Number(bits) => Operand::Number(f64::from_bits(bits)),
                Node::Field(_) => self.operand(*root, stretch),
                _ => continue,
            };
            let first = stretch.end - stretch.start - stretch.wanted;
            for (row, cell) in output.iter_mut().enumerate() {
                *cell = shown.at(first + row);
            }
        }
    }

    fn buffer(&mut self, length: usize) -> Vec<f64> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        // What is left in it is overwritten row by row.
        buffer.resize(length, 0.0);
        buffer
    }

    fn operand(&self, at: usize, stretch: Stretch) -> Operand<'_> {
        match self.job.graph.node(at) {
            Node::Number(bits) => Operand::Number(f64::from_bits(bits)),
            Node::Field(field) => {
                let column = self.job.fields.get(field).and_then(|column| column.get(stretch.start..stretch.end));
                column.map_or(Operand::Number(f64::NAN), Operand::Column)
            }
            _ => self.values.get(at).map_or(Operand::Number(f64::NAN), |values| Operand::Column(values)),
        }
    }

    /// Calls `with` with the rows of a node; a number is written out for it.
    fn rows<T>(&self, at: usize, stretch: Stretch, with: impl FnOnce(&[f64]) -> T) -> T {
        match self.operand(at, stretch) {
            Operand::Column(rows) => with(rows),
            Operand::Number(value) => with(&vec![value; stretch.end - stretch.start]),
        }
    }

    fn step(&self, work: &Work, stretch: Stretch, results: &mut [Vec<f64>]) {
        match work {
            Work::Windows { family, of, rows, statistics } => self.rows(*of, stretch, |values| {
                let outputs = results.iter_mut().map(Vec::as_mut_slice);
                let mut wanted: Vec<rolling::Wanted<'_>> = statistics.iter().copied().zip(outputs).collect();
                let (rows, origin) = (*rows, stretch.origin);
                match family {
                    Family::Sums => rolling::sums(values, rows, origin, &mut wanted),
                    Family::Moments => rolling::moments(values, rows, origin, &mut wanted),
                    Family::Highest => rolling::extremes(values, 1.0, rows, origin, &mut wanted),
                    Family::Lowest => rolling::extremes(values, -1.0, rows, origin, &mut wanted),
                    Family::Lines => rolling::lines(values, rows, origin, &mut wanted),
                    Family::Orders => rolling::orders(values, rows, &mut wanted),
                }
            }),
            Work::Pair { statistic, left, right, rows } => {
                let Some(out) = results.first_mut() else { return };
                self.rows(*left, stretch, |left| {
                    self.rows(*right, stretch, |right| {
                        rolling::pairs(*statistic, left, right, *rows, stretch.origin, out);
                    });
                });
            }
            Work::Node(node) => {
                let Some(out) = results.first_mut() else { return };
                self.node(*node, stretch, out);
            }
        }
    }

    fn node(&self, node: Node, stretch: Stretch, out: &mut [f64]) {
        let operand = |at: usize| self.operand(at, stretch);
        match node {
            Node::Unary(operator, of) => element::map(operator, operand(of), out),
            Node::Binary(operator, left, right) => element::zip(operator, operand(left), operand(right), out),
            Node::If(condition, then, other) => {
                let (condition, then, other) = (operand(condition), operand(then), operand(other));
                for (row, out) in out.iter_mut().enumerate() {
                    *out = element::choice(condition.at(row), then.at(row), other.at(row));
                }
            }
            Node::Shift { of, rows } => self.rows(of, stretch, |values| element::shift(values, rows, out)),
            Node::Ema { of, rows } => self.rows(of, stretch, |values| rolling::exponential(values, rows, out)),
            // The plan makes steps of their own of the others.
            Node::Number(_) | Node::Field(_) | Node::Rolling { .. } | Node::Pair { .. } => {}
        }
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
