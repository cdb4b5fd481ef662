//! Values of the original's file that cannot be taken as they are: secrets, paths of another machine, numbers in
//! another unit.

use super::{Defect, DefectKind, tree};
use crate::config::node::{Node, Value};

/// Parts of key names under which a text is a secret.
const SECRET_NAMES: [&str; 10] =
    ["cookie", "password", "passwd", "secret", "token", "api_key", "apikey", "access_key", "private_key", "credential"];

/// Takes secrets out. Neither a message nor the new file repeats them.
pub(super) fn take_secrets(root: &mut Node, defects: &mut Vec<Defect>) {
    tree::retain(root, "", &mut |key, place, node| {
        let Value::Text(text) = &node.value else { return true };
        let name = key.rsplit('.').next().unwrap_or(key).to_lowercase();
        let what = if SECRET_NAMES.iter().any(|part| name.contains(part)) && !text.trim().is_empty() {
            "holds a secret in plain text"
        } else if has_user_info(text) {
            "holds a user and password in an address"
        } else {
            return true;
        };
        let what = format!(
            "{what} (not repeated here): move it to an environment variable or a file of mode 0600, take it out of \
             this file and of its git history, and have a new one issued"
        );
        defects.push(Defect::at(place, key, DefectKind::Secret, what));
        false
    });
}

/// Says whether a text is an address with a user in it, as `http://user:password@host`.
fn has_user_info(text: &str) -> bool {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    rest.is_some_and(|rest| rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')))
}

/// Makes paths of the author's machine relative where they lie in his project, and takes the others out.
pub(super) fn mend_paths(root: &mut Node, defects: &mut Vec<Defect>) {
    let project = match root.find("paths.project_root").map(|node| &node.value) {
        Some(Value::Text(text)) if is_of_a_machine(text) => Some(slashed(text).trim_end_matches('/').to_owned()),
        _ => None,
    };
    tree::retain(root, "", &mut |key, place, node| {
        let Value::Text(text) = &mut node.value else { return true };
        if key == "paths.project_root" || !is_of_a_machine(text) {
            return true;
        }
        let path = slashed(text);
        let inside = project.as_ref().and_then(|project| path.strip_prefix(project.as_str()));
        let relative = inside.and_then(|rest| rest.strip_prefix('/')).filter(|rest| !rest.is_empty());
        let (what, is_kept) = match relative {
            Some(relative) => {
                let what = format!("is a path of the author's machine ({text}): taken as {relative}");
                relative.clone_into(text);
                (what, true)
            }
            None => (
                format!(
                    "is a path of the author's machine ({text}): left out; where the template has a value, it holds"
                ),
                false,
            ),
        };
        defects.push(Defect::at(place, key, DefectKind::Path, what));
        is_kept
    });
}

/// Says whether a text is a path that only one machine has: absolute, of a home, or of a drive.
fn is_of_a_machine(text: &str) -> bool {
    let has_drive = matches!(text.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic());
    has_drive || text.starts_with('/') || text.starts_with("~/") || text.starts_with("~\\") || text.starts_with("\\\\")
}

fn slashed(path: &str) -> String {
    path.replace('\\', "/")
}

/// What a number of these keys means.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    /// A share: 0.05 is five percent.
    Share,
    /// Seconds, at most so many.
    Seconds(f64),
    /// Hundredths of a percent.
    BasisPoints,
}

const UNITS: [(&str, Unit); 17] = [
    ("network.default_timeout_sec", Unit::Seconds(600.0)),
    ("network.connect_timeout_sec", Unit::Seconds(600.0)),
    ("network.sites.*.timeout_sec", Unit::Seconds(600.0)),
    ("network.sites.*.circuit_breaker.cooldown_sec", Unit::Seconds(86_400.0)),
    ("network.sites.*.circuit_breaker.error_rate_threshold", Unit::Share),
    ("network.circuit_breaker.error_rate_threshold", Unit::Share),
    ("data_sources.*.timeout", Unit::Seconds(600.0)),
    ("monitor.summary_interval_sec", Unit::Seconds(3600.0)),
    ("portfolio.strategies.*.max_single_position_pct", Unit::Share),
    ("risk.max_dd_intraday", Unit::Share),
    ("risk.max_dd_total", Unit::Share),
    ("risk.concentration_limit", Unit::Share),
    ("broker.paper.commission_bps", Unit::BasisPoints),
    ("broker.paper.slippage_bps", Unit::BasisPoints),
    ("broker.shadow.reject_prob", Unit::Share),
    ("broker.shadow.partial_fill_prob", Unit::Share),
    ("performance.risk_free_rate", Unit::Share),
];

/// Turns numbers that cannot be of their key's unit into it, and says so.
pub(super) fn mend_units(root: &mut Node, defects: &mut Vec<Defect>) {
    for (pattern, unit) in UNITS {
        for key in tree::matching(root, pattern) {
            let Some(node) = root.find(&key) else { continue };
            let Value::Number(text) = &node.value else { continue };
            let Ok(number) = text.parse::<f64>() else { continue };
            let Some((mended, meant)) = unit.mended(number) else { continue };
            let (place, shown) = (node.place.clone(), shown(mended));
            let what = format!("is {text}, {meant}: taken as {shown}");
            defects.push(Defect::at(&place, &key, DefectKind::Unit, what));
            root.put(&key, &place, Node { value: Value::Number(shown), place: place.clone() });
        }
    }
}

impl Unit {
    /// Returns the number in the unit and what it was meant as; nothing where it may be in the unit.
    fn mended(self, number: f64) -> Option<(f64, &'static str)> {
        match self {
            Self::Share if number > 1.0 && number <= 100.0 => {
                Some((number / 100.0, "more than the whole, so in percent, where a share is meant"))
            }
            Self::Seconds(max) if number > max && number <= max * 1000.0 => {
                Some((number / 1000.0, "too long for seconds, so in milliseconds"))
            }
            Self::BasisPoints if number > 0.0 && number < 0.01 => {
                Some((number * 10_000.0, "too small for basis points, so a rate"))
            }
            _ => None,
        }
    }
}

/// Writes a number with what its conversion lost rounded away.
fn shown(number: f64) -> String {
    let text = format!("{number:.9}");
    let trimmed = text.trim_end_matches('0');
    if trimmed.ends_with('.') { format!("{trimmed}0") } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Unit, has_user_info, is_of_a_machine, shown};

    #[test]
    fn addresses_with_a_user_are_told_from_others() {
        for text in ["http://u:p@host:1", "socks5://u@h", "https://a:b@h/path?x"] {
            assert!(has_user_info(text), "{text}");
        }
        for text in ["http://host/a@b", "mail@host", "tcp://127.0.0.1:1", "x://"] {
            assert!(!has_user_info(text), "{text}");
        }
    }

    #[test]
    fn paths_of_one_machine_are_told_from_others() {
        for text in ["/home/x", "~/x", "C:\\Users\\x", "D:/x", "\\\\server\\share"] {
            assert!(is_of_a_machine(text), "{text}");
        }
        for text in ["data/x", "./x", "../x", "http://x", "a:b", "", "C:"] {
            assert!(!is_of_a_machine(text), "{text}");
        }
    }

    #[test]
    fn numbers_are_mended_only_where_they_cannot_be_right() {
        let cases = [
            (Unit::Share, 20.0, Some("0.2")),
            (Unit::Share, 1.0, None),
            (Unit::Share, 101.0, None),
            (Unit::Seconds(600.0), 8000.0, Some("8.0")),
            (Unit::Seconds(600.0), 600.0, None),
            (Unit::BasisPoints, 0.0003, Some("3.0")),
            (Unit::BasisPoints, 0.0, None),
            (Unit::BasisPoints, 0.5, None),
            (Unit::Share, f64::NAN, None),
        ];
        for (unit, number, expected) in cases {
            assert_eq!(unit.mended(number).map(|(number, _)| shown(number)).as_deref(), expected, "{number}");
        }
    }
}
