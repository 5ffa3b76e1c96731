//! Values that fit the beginning of an argument.

use rmcp::model::CompletionInfo;

use crate::quote::visible;

/// The longest value.
const MAX_CHARS: usize = 100;

/// Returns true if a URI template has a variable with this name.
pub fn has_variable(template: &str, name: &str) -> bool {
    let inside = template.split(['{', '}']).skip(1).step_by(2);
    inside.flat_map(|names| names.trim_start_matches('?').split(',')).any(|known| known == name)
}

/// Returns the values that begin with what was typed, then those with a word that does.
pub fn fitting(values: Vec<String>, typed: &str) -> CompletionInfo {
    // Behind the last comma of a list, a new value begins.
    let (before, typed) =
        typed.rsplit_once(',').map_or(("", typed), |(before, last)| (before, last.trim_start()));
    let typed = typed.to_lowercase();
    let begins = |value: &String| value.to_lowercase().starts_with(&typed);
    let has_word =
        |value: &String| value.to_lowercase().split([' ', '.', '-']).any(|w| w.starts_with(&typed));
    let (mut found, others): (Vec<String>, Vec<String>) = values.into_iter().partition(begins);
    found.extend(others.into_iter().filter(has_word));
    let total = u32::try_from(found.len()).ok();
    let has_more = found.len() > CompletionInfo::MAX_VALUES;
    found.truncate(CompletionInfo::MAX_VALUES);
    let whole = |value: String| match before {
        "" => visible(&value, MAX_CHARS),
        before => format!("{before},{}", visible(&value, MAX_CHARS)),
    };
    let mut info = CompletionInfo::default();
    info.values = found.into_iter().map(whole).collect();
    info.total = total;
    info.has_more = Some(has_more);
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(typed: &str) -> Vec<String> {
        let values = ["Ada Lovelace", "Grace Hopper", "Lovell"].map(str::to_owned);
        fitting(values.to_vec(), typed).values
    }

    #[test]
    fn values_that_begin_so_come_before_those_with_such_a_word() {
        assert_eq!(fit("love"), ["Lovell", "Ada Lovelace"]);
        assert_eq!(fit("").len(), 3);
        assert_eq!(fit("x,gr"), ["x,Grace Hopper"]);
        assert!(fit("zz").is_empty());
    }

    #[test]
    fn variables_of_a_template_are_known() {
        assert!(has_variable("a://b{?q,site}", "site") && has_variable("a://b/{id}", "id"));
        assert!(!has_variable("a://b{?q,site}", "b"));
    }
}
