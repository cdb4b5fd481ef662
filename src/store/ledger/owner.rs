//! Who a running record belongs to: a process number and its start time, so that a number which the
//! system gave to another process is not taken for the dead one.

/// Returns the text that names this process.
pub(super) fn own() -> String {
    name_of(std::process::id())
}

/// Returns the text that names a process.
pub(super) fn name_of(number: u32) -> String {
    format!("{number}:{}", started(number).unwrap_or_default())
}

/// Says whether the process that `owner` names still runs.
pub(super) fn is_alive(owner: &str) -> bool {
    let Some((number, start)) = owner.split_once(':') else {
        return false;
    };
    number.parse().ok().and_then(started).is_some_and(|found| found == start)
}

/// Returns the start time of a process in clock ticks since boot, with the boot's own id.
fn started(number: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    // The second field is the name in parentheses and may hold spaces; the start time is field 22.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    // A process that has ended keeps its number until its parent has seen the end.
    fields.next().filter(|state| !matches!(*state, "Z" | "X"))?;
    let ticks = fields.nth(18)?;
    Some(format!("{ticks}@{}", boot.trim()))
}

#[cfg(test)]
mod tests {
    use super::{is_alive, own};

    #[test]
    fn own_process_is_alive_and_a_reused_number_is_not() {
        assert!(is_alive(&own()));
        assert!(!is_alive(&format!("{}:1@another-boot", std::process::id())));
        assert!(!is_alive("") && !is_alive("x:y"));
    }
}
