use super::*;

/// A host with one disk of two partitions, one loop device, and two interfaces.
fn host(root: &Path) -> HostSources {
    let files = [
        ("stat", "cpu  100 0 50 800 50 0 0 0 9 9\ncpu0 1\n"),
        ("meminfo", "MemTotal: 4 kB\nMemAvailable:   3 kB\n"),
        (
            "diskstats",
            "  8 0 sda 5 0 10 1 5 0 20 1 0 0 0\n  8 1 sda1 5 0 10 1 5 0 20 1 0 0 0\n  \
             7 0 loop0 9 9 9 9 9 9 9 9 0 0 0\n",
        ),
        (
            "net/dev",
            "Inter-| Receive | Transmit\n face |bytes packets|bytes packets\n    \
             lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\n  eth0: 100 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n",
        ),
    ];
    std::fs::create_dir_all(root.join("net")).unwrap();
    std::fs::create_dir_all(root.join("block/sda/device")).unwrap();
    std::fs::create_dir_all(root.join("block/loop0")).unwrap();
    for (name, text) in files {
        std::fs::write(root.join(name), text).unwrap();
    }
    let [proc, sys, folder] = [root.to_owned(), root.to_owned(), root.to_owned()];
    HostSources { proc, sys, folder, group: Cgroup::at(root, "") }
}

fn render(host: &HostSources) -> String {
    let meters = courant_telemetry::Meters::new("test").unwrap();
    observe_host(&meters.meter(), host);
    meters.render().unwrap()
}

#[test]
fn the_host_is_shown_as_proc_tells_it() {
    let root = tempfile::tempdir().unwrap();
    let text = render(&host(root.path()));
    for line in [
        r#"courant_host_cpu_seconds_total{mode="busy"} 1.5"#,
        r#"courant_host_cpu_seconds_total{mode="idle"} 8.5"#,
        r#"courant_host_memory_bytes{kind="available"} 3072"#,
        r#"courant_host_disk_io_bytes_total{direction="read"} 5120"#,
        r#"courant_host_disk_io_bytes_total{direction="write"} 10240"#,
        r#"courant_host_network_bytes_total{direction="receive"} 100"#,
        r#"courant_host_network_bytes_total{direction="transmit"} 30"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("courant_cgroup"), "there is no group");
}

#[test]
fn what_is_not_there_is_absent_not_zero() {
    let root = tempfile::tempdir().unwrap();
    let nowhere = root.path().join("nowhere");
    let [proc, sys, folder] = [nowhere.clone(), nowhere.clone(), nowhere.clone()];
    let text = render(&HostSources { proc, sys, folder, group: Cgroup::at(&nowhere, "") });
    assert!(!text.contains("courant_host"), "{text}");
    assert_eq!(cpu_seconds("cpu  1 2 x"), []);
    assert_eq!(memory_bytes("MemFree: 1 kB\n"), []);
    assert_eq!(disk_bytes("8 0 sda 5 0 x", |_| true), []);
}

#[test]
#[cfg(target_os = "linux")]
fn this_machine_tells_its_processor_memory_and_disk() {
    let text = render(&HostSources::of_process(Path::new(".")));
    for metric in
        ["courant_host_cpu_seconds", "courant_host_memory_bytes", "courant_host_disk_bytes"]
    {
        assert!(text.contains(metric), "{metric} is not in\n{text}");
    }
}
