//! What a walk-forward says, in every language: its report and what the command prints. Names of metrics are
//! the same in all.

use crate::text::phrases;

phrases! {
    /// A sentence of the report.
    pub(super) enum Word {
        Title => "Walk-forward of {}, {}", "{} 滚动验证，{}";
        Windows => "{} windows of {} sessions, tests of {}, {} from fold to fold, {} left out between. Experiment `{}`, result digest `{}`.",
            "{}窗口 {} 个交易日，检验 {} 个，折间步长 {} 个，中间隔离 {} 个。实验 `{}`，结果摘要 `{}`。";
        Sliding => "sliding", "滑动";
        Expanding => "expanding", "扩展";
        Folds => "Folds", "各折";
        FoldColumns => "| fold | trained | tested | sessions | rows | scored | IC | rank IC |",
            "| 折 | 训练区间 | 检验区间 | 交易日 | 训练行数 | 打分行数 | IC | Rank IC |";
        Span => "{} to {}", "{} 至 {}";
        Years => "Years", "各年";
        OneSeries => "Of the one series of daily returns that all tests were traded to.",
            "取自所有检验期连成的同一条日收益序列。";
        YearColumns => "| year | sessions | return | volatility | Sharpe | max drawdown |",
            "| 年份 | 交易日 | 收益 | 波动率 | 夏普 | 最大回撤 |";
        Metrics => "Metrics", "指标";
        MetricColumns => "| metric | value |", "| 指标 | 数值 |";
        NotDefined => "not defined", "无定义";
        NotKnown => "n/a", "无";
        Notes => "Notes", "说明";
        ModelInForce => "The model in force", "在用模型";
        ModelHolds => "The model {} holds: rank IC {} on {} sessions that neither has seen ({} to {}), the folds' is {}; {}{}, and {} is let pass.{}",
            "模型 {} 表现正常：在双方都未见过的 {2} 个交易日（{3} 至 {4}）上 Rank IC 为 {1}，各折为 {5}；{6}{7}，允许 {8}。{9}";
        ModelDegraded => "The model {} has DEGRADED: rank IC {} on {} sessions that neither has seen ({} to {}), the folds' is {}; {}{}, and {} is let pass.{}",
            "模型 {} 已退化：在双方都未见过的 {2} 个交易日（{3} 至 {4}）上 Rank IC 为 {1}，各折为 {5}；{6}{7}，允许 {8}。{9}";
        Loses => "it loses {} a session", "每日差 {}";
        Gains => "it loses nothing but gains {} a session", "每日不差反好 {}";
        Overfit => " On what it was trained on its rank IC was {}, the folds' {}: it loses {} more than they do, and {} is let pass.",
            "它在训练区间上的 Rank IC 为 {}，各折为 {}：比各折多损失 {}，允许 {}。";
        // What the command prints.
        FoldLine => "fold {}  trained {} to {}  tested {} to {}  {} rows  IC {}  rank IC {}",
            "第 {} 折  训练 {} 至 {}  检验 {} 至 {}  {} 行  IC {}  Rank IC {}";
        YearLine => "{}  {} sessions  return {}  Sharpe {}", "{}  {} 个交易日  收益 {}  夏普 {}";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;

    #[test]
    fn table_is_sound() {
        crate::text::assert_sound::<Word>(&[]);
    }
}
