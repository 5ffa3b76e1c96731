//! The limits that the kernel sets this process: memory and CPU of its control group,
//! version 1 or 2 (cgroups(7)).

use std::path::{Path, PathBuf};

use serde::Serialize;

/// Version 1 writes "no limit" as the greatest multiple of the page size.
const UNLIMITED_V1: u64 = 1 << 62;

/// Memory of a control group, page cache included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GroupMemory {
    /// `memory.current`, in bytes.
    pub used_bytes: u64,
    /// `memory.max`, in bytes. `None` if there is no limit.
    pub limit_bytes: Option<u64>,
}

/// The control group of a process.
#[derive(Clone, Debug)]
pub struct Cgroup {
    memory: Hierarchy,
    cpu: Hierarchy,
}

#[derive(Clone, Debug)]
struct Hierarchy {
    is_v2: bool,
    mount: PathBuf,
    path: String,
}

impl Cgroup {
    /// Returns the control group of this process, under `/sys/fs/cgroup`. Without a control
    /// group, there are no limits and no figures.
    pub fn of_process() -> Self {
        let membership = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::at(Path::new("/sys/fs/cgroup"), &membership)
    }

    /// Returns the group below `root` that `membership` names, in the format of
    /// `/proc/self/cgroup`.
    pub fn at(root: &Path, membership: &str) -> Self {
        let of = |controller| Hierarchy::of(root, membership, controller);
        Self { memory: of("memory"), cpu: of("cpu") }
    }

    /// Returns the memory of the nearest group with a limit, else of the process's own group.
    pub fn memory(&self) -> Option<GroupMemory> {
        let (current, max) = match self.memory.is_v2 {
            true => ("memory.current", "memory.max"),
            false => ("memory.usage_in_bytes", "memory.limit_in_bytes"),
        };
        let groups = self.memory.upwards().filter_map(|group| {
            let used_bytes = read(&group, current)?.parse().ok()?;
            let limit = read(&group, max).and_then(|limit| limit.parse().ok());
            Some(GroupMemory { used_bytes, limit_bytes: limit.filter(|l| *l < UNLIMITED_V1) })
        });
        let mut groups = groups.peekable();
        let own = groups.peek().copied();
        groups.find(|group| group.limit_bytes.is_some()).or(own)
    }

    /// Returns the number of CPUs that the quota of the nearest group with one allows.
    pub fn cpu_quota(&self) -> Option<f64> {
        self.cpu.upwards().find_map(|group| {
            let (quota, period) = match self.cpu.is_v2 {
                true => {
                    let max = read(&group, "cpu.max")?;
                    let (quota, period) = max.split_once(' ')?;
                    (quota.to_owned(), period.to_owned())
                }
                false => (read(&group, "cpu.cfs_quota_us")?, read(&group, "cpu.cfs_period_us")?),
            };
            let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
            (quota > 0.0 && period > 0.0).then(|| quota / period)
        })
    }
}

impl Hierarchy {
    /// Version 1 has a line for the controller; else version 2's `0::` holds.
    fn of(root: &Path, membership: &str, controller: &str) -> Self {
        let lines = membership.lines().filter_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            Some((fields.next()?, fields.next()?))
        });
        let v1 = lines.clone().find(|(names, _)| names.split(',').any(|name| name == controller));
        let v2 = lines.clone().find(|(names, _)| names.is_empty());
        Self {
            is_v2: v1.is_none(),
            mount: v1.map_or(root.to_owned(), |(names, _)| v1_mount(root, names, controller)),
            path: v1.or(v2).map_or(String::new(), |(_, path)| path.to_owned()),
        }
    }

    /// The group's folder and those above it, up to the mount. A container sees
    /// its own group as the mount, whatever path it is told: folders that are not
    /// there read as nothing.
    fn upwards(&self) -> impl Iterator<Item = PathBuf> {
        let group = self.mount.join(self.path.trim_start_matches('/'));
        let mount = self.mount.clone();
        let folders: Vec<PathBuf> = group.ancestors().map(Path::to_owned).collect();
        folders.into_iter().take_while(move |folder| folder.starts_with(&mount))
    }
}

/// Controllers mounted together stand in a folder of all their names, with a link
/// of the single name that some systems lack.
fn v1_mount(root: &Path, names: &str, controller: &str) -> PathBuf {
    let together = root.join(names);
    if together.is_dir() { together } else { root.join(controller) }
}

fn read(group: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(group.join(file)).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn version_2_takes_the_nearest_limit_above() {
        let root = folder(&[
            ("a/b/memory.current", "700\n"),
            ("a/b/memory.max", "max\n"),
            ("a/memory.current", "900\n"),
            ("a/memory.max", "1000\n"),
            ("a/b/cpu.max", "max 100000\n"),
            ("a/cpu.max", "150000 100000\n"),
        ]);
        let group = Cgroup::at(root.path(), "0::/a/b\n");
        let memory = GroupMemory { used_bytes: 900, limit_bytes: Some(1000) };
        assert_eq!(group.memory(), Some(memory));
        assert_eq!(group.cpu_quota(), Some(1.5));
    }

    #[test]
    fn version_1_stands_beside_an_empty_version_2() {
        let root = folder(&[
            ("memory/x/memory.usage_in_bytes", "500"),
            ("memory/x/memory.limit_in_bytes", "9223372036854771712"),
            ("cpu,cpuacct/cpu.cfs_quota_us", "50000"),
            ("cpu,cpuacct/cpu.cfs_period_us", "100000"),
        ]);
        let group = Cgroup::at(root.path(), "4:memory:/x\n2:cpu,cpuacct:/gone\n0::/\n");
        let memory = GroupMemory { used_bytes: 500, limit_bytes: None };
        assert_eq!(group.memory(), Some(memory));
        assert_eq!(group.cpu_quota(), Some(0.5));
    }

    #[test]
    fn without_groups_nothing_is_told() {
        let group = Cgroup::at(Path::new("/nowhere"), "");
        assert_eq!((group.memory(), group.cpu_quota()), (None, None));
    }
}
