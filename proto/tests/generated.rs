//! The committed code is what the `.proto` files say.

use std::path::Path;

use tempfile::TempDir;

const PACKAGE: &str = "courant.v1";

/// Compiles the `.proto` files into `out`: the code and the descriptor set for
/// gRPC reflection.
fn generate(out: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = [
        "admin",
        "archive",
        "article",
        "classify",
        "commands",
        "dead_letters",
        "events",
        "inference",
        "spool",
        "submissions",
    ];
    let sources = names.map(|name| root.join(format!("courant/v1/{name}.proto")));
    let descriptors = protox::compile(sources, [root]).expect("the .proto files compile");
    tonic_prost_build::configure()
        .out_dir(out)
        .file_descriptor_set_path(out.join(format!("{PACKAGE}.bin")))
        .compile_fds(descriptors.clone())
        .expect("code is generated");
    let bytes = prost::Message::encode_to_vec(&descriptors);
    std::fs::write(out.join(format!("{PACKAGE}.bin")), bytes).expect("descriptors are written");
}

/// Run with `COURANT_REGENERATE=1` to bring the committed code up to date.
#[test]
fn committed_code_matches_the_proto_files() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    if std::env::var_os("COURANT_REGENERATE").is_some() {
        std::fs::create_dir_all(&committed).expect("the folder can be made");
        generate(&committed);
        return;
    }
    let fresh = TempDir::new().expect("a temporary folder");
    generate(fresh.path());
    for name in ["courant.v1.rs", "courant.v1.bin"] {
        let expected = std::fs::read(fresh.path().join(name)).expect("just generated");
        let actual = std::fs::read(committed.join(name)).expect("is committed");
        assert!(
            actual == expected,
            "{name} is out of date: run COURANT_REGENERATE=1 cargo test -p courant-proto"
        );
    }
}
