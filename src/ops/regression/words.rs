//! What a regression run says, in every language.

use crate::text::phrases;

phrases! {
    /// A sentence of the regression.
    pub(super) enum Word {
        Passed => "Regression {} passed in {} s.", "回归测试 {} 通过，耗时 {} 秒。";
        Failed => "Regression {} FAILED in {} s: {}.", "回归测试 {} 未通过，耗时 {} 秒；未通过的部分：{}。";
    }
}

#[cfg(test)]
mod tests {
    use super::Word;
    use crate::{
        ops::regression::{Probe, Regression},
        text::{Language, assert_sound},
    };

    #[test]
    fn table_is_sound() {
        assert_sound::<Word>(&[]);
    }

    #[test]
    fn verdict_names_the_part_that_failed() {
        let probe = |name, passed| Probe { name, passed, answer: String::new(), seconds: 0.5 };
        let quick = Regression::of("quick", 0.5, vec![probe("store", true)]);
        assert_eq!(quick.verdict().say(Language::English), "Regression quick passed in 0.500 s.");
        let full = quick.deepened("full", probe("drill", false));
        assert!(!full.passed);
        assert_eq!(full.verdict().say(Language::English), "Regression full FAILED in 1.000 s: drill.");
        assert_eq!(full.verdict().say(Language::Chinese), "回归测试 full 未通过，耗时 1.000 秒；未通过的部分：drill。");
        let nothing = Regression::of("smoke", 0.0, Vec::new());
        assert!(!nothing.passed, "nothing asked is nothing passed");
    }
}
