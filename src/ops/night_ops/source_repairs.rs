//! Rows that break a hard rule, mended for one night from the sources that deliver them soundly. The stored rows stay
//! as they came; the ledger says what was taken from whom, and a change that a person took back is not made again.

use std::{collections::BTreeSet, sync::Arc};

use super::{factor_chain::StoredBars, night::Night};
use crate::{
    data::{
        guardian::{self, GuardianReport, Known, omega::Agreement},
        repair::{self, Provenance},
    },
    exit::AnyFailure,
    market::Calendar,
    ops::guardian_report::{self, Examined},
    store::{Query, Table},
};

/// What a night takes from other sources.
#[derive(Default)]
pub(super) struct SourceRepairs {
    /// The comparison of the sources, where a stage has made it.
    pub(super) agreement: Option<Agreement>,
    plan: Option<Arc<Vec<Provenance>>>,
    mended: Option<(StoredBars, Arc<GuardianReport>)>,
}

impl Night<'_> {
    /// Returns what other sources give for rows with a hard finding. Without such a finding, and without a second
    /// source, nothing is read.
    pub(super) fn source_plan(&mut self) -> Result<Arc<Vec<Provenance>>, AnyFailure> {
        if let Some(plan) = &self.products.by_source.plan {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.plan_by_source()?);
        self.products.by_source.plan = Some(Arc::clone(&plan));
        Ok(plan)
    }

    fn plan_by_source(&mut self) -> Result<Vec<Provenance>, AnyFailure> {
        let report = self.examined()?;
        if report.totals.hard_rows == 0 || self.stores()?.partitions(Table::MultiSource)?.is_empty() {
            return Ok(Vec::new());
        }
        let (bars, actions, history) = (self.raw_bars()?, self.actions()?, self.history()?);
        let rules = guardian_report::rules(self.station);
        let agreement = if let Some(agreement) = self.products.by_source.agreement.take() {
            agreement
        } else {
            let examined = Examined { bars: &bars, report: &report, actions: &actions, history: &history };
            guardian_report::judge(self.station, self.stores()?, examined, &rules)?.agreement
        };
        let query = Query { from: self.options.start, ..Query::up_to(self.as_of()) };
        let stored = self.stores()?.daily_as_delivered(&query)?;
        let sources = self.stores()?.source_bars(&query)?;
        let known = Known { actions: &actions, history: &history };
        let beside = (&*sources, &agreement);
        let mut plan =
            repair::plan_by_source(&stored, &report, beside, (known, Calendar::builtin()), &rules.thresholds)?;
        let undone = self.stores()?.ledger().undone_repairs()?;
        let undone: BTreeSet<_> =
            undone.iter().map(|record| (record.trade_date, record.symbol, record.field.as_str())).collect();
        plan.retain(|change| !undone.contains(&(change.date, change.symbol, change.field())));
        Ok(plan)
    }

    /// Returns the stored bars with what other sources give, and the examination of these.
    pub(super) fn mended_bars(&mut self) -> Result<(StoredBars, Arc<GuardianReport>), AnyFailure> {
        if let Some((bars, report)) = &self.products.by_source.mended {
            return Ok((bars.clone(), Arc::clone(report)));
        }
        let plan = self.source_plan()?;
        let (mended, report) = if plan.is_empty() {
            (self.stored_bars()?, self.examined()?)
        } else {
            let mended = self.read_bars(&plan)?;
            let (actions, history) = (self.actions()?, self.history()?);
            let known = Known { actions: &actions, history: &history };
            let report = guardian::examine(&mended.bars, known, Calendar::builtin(), &self.thresholds())?;
            (mended, Arc::new(report))
        };
        self.products.by_source.mended = Some((mended.clone(), Arc::clone(&report)));
        Ok((mended, report))
    }
}
