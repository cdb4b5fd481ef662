//! Names of jobs and models. They become directory names, so nothing that could leave the zoo passes.

use jiff::civil::Date;

use crate::research::ResearchError;

const LONGEST_NAME: usize = 64;

/// Checks a name against `[a-z0-9][a-z0-9_-]{0,63}`.
///
/// # Errors
/// When it does not match; `what` says what the name is for.
pub fn check_name(what: &'static str, name: &str) -> Result<(), ResearchError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let starts_plain = name.bytes().next().is_some_and(plain);
    if starts_plain && name.len() <= LONGEST_NAME && name.bytes().all(|byte| plain(byte) || b"_-".contains(&byte)) {
        Ok(())
    } else {
        Err(ResearchError::Name { what, name: name.chars().take(LONGEST_NAME + 1).collect() })
    }
}

/// Returns the id of the model that an experiment made: `<YYYYMMDD>_<experiment id>`.
///
/// # Errors
/// When the experiment's id cannot be part of a directory name.
pub fn model_id(as_of: Date, experiment: &str) -> Result<String, ResearchError> {
    let id = format!("{}_{experiment}", as_of.strftime("%Y%m%d"));
    check_name("model id", &id)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::{check_name, model_id};
    use jiff::civil::date;

    #[test]
    fn names_that_could_leave_the_zoo_are_refused() {
        let long = "a".repeat(65);
        for name in ["", ".", "..", "../x", "a/b", "-a", "_a", "A", "a b", "a\0", "current.", "é", long.as_str()] {
            assert!(check_name("job", name).is_err(), "{name:?}");
        }
        for name in ["a", "ultrashort_main", "20201231_train-0001", &long[..64]] {
            assert!(check_name("job", name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn model_id_begins_with_the_trading_date() {
        assert_eq!(model_id(date(2020, 1, 2), "t1").expect("an id"), "20200102_t1");
        assert!(model_id(date(2020, 1, 2), "../t1").is_err());
    }
}
