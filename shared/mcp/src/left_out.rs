//! The parts of an answer that its budget has no room for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The member of an answer that says what was left out.
pub(crate) const MEMBER: &str = "left_out";

/// Notes on lists and texts of an answer that are not shown in full, by the path to each.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    notes: BTreeMap<String, String>,
    cuts: BTreeMap<String, usize>,
}

impl LeftOut {
    /// Reads the notes that an answer has already.
    pub fn of_answer(answer: &Map<String, Value>) -> Self {
        let notes = answer.get(MEMBER).and_then(Value::as_object).into_iter().flatten();
        let notes = notes.filter_map(|(path, note)| Some((path.clone(), note.as_str()?.into())));
        Self { notes: notes.collect(), cuts: BTreeMap::new() }
    }

    /// Keeps the first `most` items of a list, and notes the number of the others.
    pub fn keep<T>(&mut self, name: &str, items: &mut Vec<T>, most: usize) {
        let total = items.len();
        if total > most {
            items.truncate(most);
            self.note(name, format!("{most} of {total} shown"));
        }
    }

    /// Notes in words what was left out, and how to get it.
    pub fn note(&mut self, name: &str, note: String) {
        self.notes.insert(name.to_owned(), note);
    }

    /// Notes that a list or text was cut, perhaps once more.
    pub fn note_cut(&mut self, path: String, kept: usize, removed: usize) {
        let removed_in_all = self.cuts.entry(path.clone()).or_default();
        *removed_in_all += removed;
        let note = format!("{kept} of {} shown", kept + *removed_in_all);
        match self.notes.get_mut(&path) {
            // It says how to get the rest.
            Some(before) if !before.ends_with("shown") => {}
            _ => drop(self.notes.insert(path, note)),
        }
    }

    /// Writes the notes into an answer. Writes nothing if all is shown.
    pub fn write_into(&self, answer: &mut Map<String, Value>) {
        if !self.notes.is_empty() {
            let notes = self.notes.iter().map(|(path, note)| (path.clone(), note.clone().into()));
            answer.insert(MEMBER.to_owned(), Value::Object(notes.collect()));
        }
    }

    /// Returns the notes, by the path to each list or text.
    pub fn into_notes(self) -> BTreeMap<String, String> {
        self.notes
    }
}
