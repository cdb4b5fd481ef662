//! alpha158 on the peers' panel: read the Parquet file, align every symbol to the calendar, compute 158
//! factors and the label. That is what `alpha158_polars.py` times; `alpha158_qlib.py` reads its own binary
//! files in the place of Parquet.

use std::path::Path;

use lighthunter::{
    config,
    research::factor::{AlignedPanel, Computed, ExpressionSet, FactorInput},
    store::{Frame, FrameColumn},
};

use crate::{repeated, watch::ProcessorWatch};

/// Measures; writes the values as Qlib names them where `output` says so, for a peer to compare.
pub(crate) fn bench(panel: &Path, repeats: usize, output: Option<&Path>) {
    let sets = config::shipped().expect("sound").factors.sets;
    let set = ExpressionSet::read(sets.get("alpha158").expect("shipped"), &[]).expect("sound");
    let (aligned, computed) = repeated("alpha158_lighthunter", repeats, || {
        let watch = ProcessorWatch::start();
        let frame = Frame::read(panel).expect("the peers' panel");
        let input = FactorInput::from_frame(panel, &frame, false).expect("a panel");
        let read = watch.seconds();
        // One thread, this one, so that its processor seconds are all there are.
        let computed = set.compute(&input.aligned, None, 1).expect("computed");
        let seconds = watch.seconds();
        let said = format!("({}, {}) of which reading {read:.4}s", computed.keys.len(), computed.columns.len());
        (seconds, (input.aligned, computed), said)
    });
    if let Some(output) = output {
        table(&aligned, computed).write(output).expect("written");
    }
}

fn table(panel: &AlignedPanel, computed: Computed) -> Frame {
    let mut frame = Frame::new();
    let keys = computed.keys.iter();
    let codes = keys.clone().map(|(symbol, _)| panel.codes()[*symbol].clone()).collect();
    frame.push("instrument", FrameColumn::Utf8(codes)).expect("fits");
    let dates = keys.map(|(_, session)| panel.sessions()[*session]).collect();
    frame.push("datetime", FrameColumn::Date(dates)).expect("fits");
    for (name, column) in computed.names.iter().zip(computed.columns) {
        frame.push(name, FrameColumn::F64(column)).expect("fits");
    }
    frame
}
