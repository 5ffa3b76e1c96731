use super::*;
use crate::entities::EntityHead;

/// The head in the repository with another score, and so another version.
fn head(f1: f32) -> Head {
    Head::Entities(EntityHead::embedded().clone().with_f1(f1))
}

fn registry() -> (tempfile::TempDir, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::at(folder.path().join("heads"));
    (folder, registry)
}

/// With both heads kept, and their versions.
fn with_two() -> (tempfile::TempDir, Registry, String, String) {
    let (folder, registry) = registry();
    let (one, other) = (head(0.5), head(0.6));
    registry.keep(&one).unwrap();
    registry.keep(&other).unwrap();
    (folder, registry, one.version(), other.version())
}

fn judged(candidate: f64, active: f64) -> Option<HeadComparison> {
    Some(HeadComparison { score: "f1".into(), candidate, active, data_sha256: "0".into() })
}

const TASK: HeadTask = HeadTask::Entities;

fn in_use(registry: &Registry) -> Option<String> {
    registry.promoted(TASK).unwrap().map(|head| head.version())
}

#[test]
fn without_a_folder_what_comes_with_courant_is_in_use() {
    let (_folder, registry) = registry();
    assert_eq!(in_use(&registry), None);
    assert_eq!(registry.versions(TASK).unwrap(), Vec::<String>::new());
    let never = registry.roll_back(TASK, 0).unwrap_err();
    assert!(matches!(never, RegistryError::NothingBefore("entities")), "{never}");
}

#[test]
fn a_promoted_head_is_in_use_until_it_is_rolled_back() {
    let (_folder, registry, one, other) = with_two();
    registry.promote(TASK, &one, None, false, 1).unwrap();
    registry.promote(TASK, &other, judged(0.6, 0.5), false, 2).unwrap();
    assert_eq!(in_use(&registry), Some(other.clone()));
    let rollout = registry.roll_back(TASK, 3).unwrap();
    assert_eq!(in_use(&registry), Some(one.clone()));
    let told: Vec<_> = rollout
        .changes
        .iter()
        .map(|change| (change.at_ms, change.what, &*change.version, &*change.replaced))
        .collect();
    assert_eq!(
        told,
        [
            (1, ChangeKind::Promoted, &*one, "built-in"),
            (2, ChangeKind::Promoted, &*other, &*one),
            (3, ChangeKind::RolledBack, &*one, &*other),
        ]
    );
    assert_eq!(rollout.changes[1].judged, judged(0.6, 0.5));
    assert_eq!(rollout.changes[1].scores["f1"], 0.6);
    assert_eq!(registry.rollout(TASK).unwrap(), rollout);
}

#[test]
fn the_first_promotion_rolls_back_to_what_comes_with_courant() {
    let (_folder, registry, one, _) = with_two();
    registry.promote(TASK, &one, None, false, 1).unwrap();
    let rollout = registry.roll_back(TASK, 2).unwrap();
    assert_eq!((in_use(&registry), rollout.current_version()), (None, "built-in"));
    assert_eq!(rollout.previous.map(|release| release.version), Some(one));
}

#[test]
fn a_worse_candidate_is_refused_unless_it_is_forced() {
    let (_folder, registry, one, other) = with_two();
    registry.promote(TASK, &other, None, false, 1).unwrap();
    for score in [0.4, f64::NAN] {
        let worse = registry.promote(TASK, &one, judged(score, 0.6), false, 2).unwrap_err();
        assert!(matches!(worse, RegistryError::Worse { .. }), "{worse}");
    }
    assert_eq!(in_use(&registry), Some(other));
    let rollout = registry.promote(TASK, &one, judged(0.4, 0.6), true, 3).unwrap();
    assert_eq!(rollout.changes[1].what, ChangeKind::Forced);
    assert_eq!(in_use(&registry), Some(one.clone()));
    let again = registry.promote(TASK, &one, None, true, 4).unwrap_err();
    assert!(matches!(again, RegistryError::InUse { .. }), "{again}");
}

#[test]
fn a_version_that_is_not_kept_is_named_with_those_that_are() {
    let (folder, registry, one, _) = with_two();
    let error = registry.read(TASK, "0123456789ab").unwrap_err().to_string();
    assert!(error.contains("no version 0123456789ab") && error.contains(&one), "{error}");
    std::fs::write(folder.path().join("secret.head"), "x").unwrap();
    let outside = registry.read(TASK, "../../secret").unwrap_err();
    assert!(matches!(outside, RegistryError::NoVersion { .. }), "{outside}");
    let other = registry.promote(HeadTask::Topics, &one, None, true, 1).unwrap_err();
    assert!(other.to_string().contains("iptc-topics has no version"), "{other}");
}

#[test]
fn a_changed_file_is_one_clear_error_and_nothing_else_is_used() {
    let (_folder, registry, one, other) = with_two();
    registry.promote(TASK, &one, None, false, 1).unwrap();
    registry.promote(TASK, &other, None, false, 2).unwrap();
    let path = registry.path(TASK, &other);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = registry.promoted(TASK).unwrap_err().to_string();
    assert!(error.contains("is corrupt: its SHA-256 is"), "{error}");
    assert!(matches!(registry.keep(&head(0.6)), Err(RegistryError::Corrupt { .. })));
    // A rollback leaves a broken version, and does not return to one.
    registry.roll_back(TASK, 3).unwrap();
    assert_eq!(in_use(&registry), Some(one.clone()));
    assert!(registry.roll_back(TASK, 4).is_err());
    assert_eq!(in_use(&registry), Some(one));
}

#[test]
fn a_rollout_that_is_none_is_named() {
    let (_folder, registry, ..) = with_two();
    let path = registry.rollout_path(TASK);
    std::fs::write(&path, "{").unwrap();
    let error = registry.promoted(TASK).unwrap_err().to_string();
    assert!(error.contains("rollout.json is corrupt"), "{error}");
}

#[test]
fn keeping_a_head_twice_changes_nothing() {
    let (_folder, registry, one, other) = with_two();
    registry.keep(&head(0.5)).unwrap();
    let mut expected = vec![one, other];
    expected.sort();
    assert_eq!(registry.versions(TASK).unwrap(), expected);
}
