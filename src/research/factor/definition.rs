//! What a factor means, as a digest: equal for expressions that compute the same tree however they are
//! written, another one for any other tree. A model knows by it that a factor is still what it was made with.

use std::collections::BTreeMap;

use super::{
    ExpressionSet, Window,
    frame::check,
    graph::{Graph, Node},
};
use crate::{
    config::FactorSet,
    digest::{Digest, Hasher},
    research::ResearchError,
};

/// Raised when an operator or a field gives other numbers than before under its name.
const LANGUAGE_VERSION: i64 = 1;
/// Raised when a built-in factor gives other numbers than before under its name.
const KERNEL_VERSION: i64 = 1;

/// Returns the digest of every factor of a set by name, without its labels.
///
/// Of an expression it is that of the tree after all names in it were followed and constant parts computed:
/// white space, helper definitions and the order of the set make no difference. Of a built-in factor it is
/// that of its name and window.
///
/// # Errors
/// As [`compute`](super::compute).
pub fn definitions(set: &FactorSet) -> Result<BTreeMap<String, Digest>, ResearchError> {
    let (window, kernels) = check(set)?;
    let mut found: BTreeMap<String, Digest> =
        kernels.iter().map(|kernel| (kernel.name.to_owned(), of_kernel(kernel.name, window))).collect();
    let read = ExpressionSet::read(set, &[])?.without_labels();
    let nodes = of_nodes(read.graph());
    found.extend(read.roots().filter_map(|(name, root)| Some((name.to_owned(), *nodes.get(root)?))));
    Ok(found)
}

fn of_kernel(name: &str, window: Window) -> Digest {
    let mut hasher = Hasher::new("built-in factor");
    hasher.int(KERNEL_VERSION).text(name).int(window.lookback as i64).float(window.big_down);
    hasher.finish()
}

/// Returns the digest of every part of a graph. Each is made of its parts' digests, not of the expanded
/// text, which definitions on top of each other make as long as they like.
fn of_nodes(graph: &Graph) -> Vec<Digest> {
    let mut all: Vec<Digest> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let mut hasher = Hasher::new("factor expression");
        hasher.int(LANGUAGE_VERSION);
        name(*node, graph, &mut hasher);
        for input in node.inputs() {
            if let Some(input) = all.get(input) {
                hasher.digest(input);
            }
        }
        all.push(hasher.finish());
    }
    all
}

/// Adds what a part does, without what it does it to.
fn name(node: Node, graph: &Graph, hasher: &mut Hasher) {
    match node {
        Node::Number(bits) => hasher.text("number").float(f64::from_bits(bits)),
        Node::Field(at) => hasher.text("field").text(graph.fields().get(at).map_or("", String::as_str)),
        Node::Shift { rows, .. } => hasher.text("shift").int(i64::from(rows)),
        Node::Unary(operator, _) => hasher.text("unary").text(&format!("{operator:?}")),
        Node::Binary(operator, ..) => hasher.text("binary").text(&format!("{operator:?}")),
        Node::If(..) => hasher.text("if"),
        Node::Rolling { statistic, rows, .. } => {
            hasher.text("rolling").text(&format!("{statistic:?}")).int(rows as i64)
        }
        Node::Pair { statistic, rows, .. } => hasher.text("pair").text(&format!("{statistic:?}")).int(rows as i64),
        Node::Ema { rows, .. } => hasher.text("ema").int(rows as i64),
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::definitions;
    use crate::{
        config::FactorSet,
        digest::Digest,
        research::testing::{core_set, expression_set},
    };

    fn of(set: &FactorSet) -> BTreeMap<String, Digest> {
        definitions(set).expect("a set")
    }

    /// Returns the digest of `x` in a set with helper definitions.
    fn x(text: &str, helpers: &[(&str, &str)]) -> Digest {
        let helpers = expression_set(helpers).expressions;
        of(&FactorSet { definitions: helpers, ..expression_set(&[("x", text)]) })["x"]
    }

    #[test]
    fn writing_it_another_way_is_the_same_definition() {
        let plain = x("Mean($close, 5) / Std($close / $open, 10)", &[]);
        let same: [(&str, &[(&str, &str)]); 5] = [
            ("  Mean( $close,5 )/Std($close/$open,10)", &[]),
            ("Div(Mean($close, 5.0), Std(Div($close, $open), 2 * 5))", &[]),
            ("(Mean($close, 5)) / Std(ratio, 10)", &[("ratio", "$close / $open")]),
            ("a / b", &[("b", "Std(c, 10)"), ("c", "$close / $open"), ("a", "Mean($close, 5)")]),
            ("q / p", &[("q", "Mean($close, 5)"), ("p", "Std($close / $open, 10)")]),
        ];
        for (text, helpers) in same {
            assert_eq!(x(text, helpers), plain, "{text}");
        }
    }

    #[test]
    fn any_change_of_meaning_is_another_definition() {
        let texts = [
            "Mean($close, 5) / $open",
            "Mean($close, 6) / $open",
            "Mean($open, 5) / $open",
            "Med($close, 5) / $open",
            "Quantile($close, 5, 0.4) / $open",
            "EMA($close, 5) / $open",
            "$open / Mean($close, 5)",
            "Mean($close, 5) * $open",
            "Mean($close, 5) / $open + 1e-12",
            "Mean(Ref($close, 1), 5) / $open",
            "Mean(Ref($close, 2), 5) / $open",
            "Corr($close, $open, 5)",
            "Cov($close, $open, 5)",
            "If($close > $open, $close, $open)",
            "If($close > $open, $open, $close)",
            "-$close",
            "Abs($close)",
        ];
        let digests: Vec<Digest> = texts.iter().map(|text| x(text, &[])).collect();
        let distinct: std::collections::BTreeSet<&Digest> = digests.iter().collect();
        assert_eq!(distinct.len(), texts.len());
        let helper = |text| x("Mean(ret, 5)", &[("ret", text)]);
        assert_ne!(helper("$close / $open"), helper("$close / $vwap"), "a helper that changes changes what uses it");
    }

    #[test]
    fn order_and_neighbours_make_no_difference() {
        let both = of(&expression_set(&[("x", "Mean($close, 5)"), ("y", "Std($open, 5)")]));
        let turned = of(&expression_set(&[("z", "$vwap"), ("y", "Std($open, 5)"), ("x", "Mean($close, 5)")]));
        assert_eq!((both["x"], both["y"]), (turned["x"], turned["y"]));
    }

    #[test]
    fn built_in_factor_is_its_name_and_window() {
        let (usual, wide) = (of(&core_set()), of(&FactorSet { lookback: 10, ..core_set() }));
        assert_eq!(usual.len(), 13);
        let distinct: std::collections::BTreeSet<&Digest> = usual.values().chain(wide.values()).collect();
        assert_eq!(distinct.len(), 26);
    }

    #[test]
    fn definitions_on_top_of_each_other_cost_no_more_than_they_have_parts() {
        let names: Vec<String> = (0..30).map(|at| format!("d{at}")).collect();
        let texts: Vec<String> = (0..30)
            .map(|at| if at == 0 { "$close".into() } else { format!("d{} * d{} + 1", at - 1, at - 1) })
            .collect();
        let helpers: Vec<(&str, &str)> = names.iter().zip(&texts).map(|(name, text)| (&**name, &**text)).collect();
        assert_ne!(x("d29", &helpers), x("d28", &helpers));
    }

    /// Another value here means that every model trained so far is refused: raise the version only for that.
    #[test]
    fn digests_are_those_of_models_that_are_saved() {
        let kernel = of(&core_set())["F_gap_open"].short();
        let deep = "If(Rank($close, 5) > 0.5, Corr($close, Log($volume + 1), 20), -Slope($vwap, 10))";
        assert_eq!((kernel.as_str(), x(deep, &[]).short().as_str()), ("bbeb2a5cee4d", "78a8a07da4e5"));
    }
}
