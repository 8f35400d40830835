use std::os::unix::fs::PermissionsExt as _;

use super::*;

type Entry<'a> = (&'a [u8], tar::EntryType, &'a [u8]);

/// An archive with exactly these names, whatever they are.
fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    zstd::encode_all(&*builder.into_inner().unwrap(), 1).unwrap()
}

fn meta(id: &str) -> Vec<u8> {
    let text = format!(
        r#"{{"format":1,"id":"{id}","scenario":"s","file":"s.yaml","text":"","plan_hash":"","profile":null,"host":"h",
        "arguments":[],"started":"2026-11-27T00:00:00Z","ended":null,"is_open":false,"users":1,"spawn_rate":1.0,
        "run_time":null,"seed":1,"threads":1,"rows":[],"version":"0.1.0","machine":{{"name":"","system":"",
        "processor":"","cores":1,"memory":1}},"outcome":null}}"#
    );
    text.into_bytes()
}

#[test]
fn nothing_but_files_of_runs_is_taken() {
    use tar::EntryType::{Directory, GNULongName, Link, Regular, Symlink, XHeader};
    let good = meta("a");
    let small = Limits { file: 2_000, total: 3_000, runs: 2 };
    let whole: Entry<'_> = (b"a/meta.json", Regular, &good);
    let long = [b'x'; 2_001];
    let cases: &[(&[Entry<'_>], &str)] = &[
        (&[whole, (b"../x/meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b"/etc/meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b"a/../meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b"../meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b".removed/meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b"a\n/meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b"a/evil.sh", Regular, b"x")], "not a file of a run"),
        (&[whole, (b"meta.json", Regular, &good)], "not a file of a run"),
        (&[whole, (b"a/series.jsonl", Symlink, b"")], "not a file of a run"),
        (&[whole, (b"a/series.jsonl", Link, b"")], "not a file of a run"),
        (&[whole, (b"a/series.jsonl", GNULongName, b"x")], "not a file of a run"),
        (&[whole, (b"a/series.jsonl", XHeader, b"x")], "not a file of a run"),
        (&[whole, (b"a/", Directory, b"")], "not a file of a run"),
        (&[whole, whole], "comes twice"),
        (&[whole, (b"a/series.jsonl", Regular, &long)], "too large"),
        (
            &[whole, (b"a/series.jsonl", Regular, &long[..1_500]), (b"a/events.jsonl", Regular, &long[..1_500])],
            "too large",
        ),
        (&[whole, (b"b/events.jsonl", Regular, b""), (b"c/events.jsonl", Regular, b"")], "more than 2 runs"),
        (&[(b"b/meta.json", Regular, &good)], "has the run"),
        (&[(b"a/meta.json", Regular, b"{}")], "damaged"),
        (&[(b"a/series.jsonl", Regular, b"")], "meta.json"),
        (&[], "no runs"),
    ];
    for (entries, wanted) in cases {
        let around = tempfile::tempdir().unwrap();
        let root = around.path().join("runs");
        let error = import(&root, &*archive(entries), &small).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}: {error}");
        let left: Vec<_> = fs::read_dir(&root).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert!(left.is_empty() && fs::read_dir(around.path()).unwrap().count() == 1, "{wanted}: {left:?}");
    }
}

#[test]
fn a_damaged_archive_is_an_error_and_a_good_one_is_added_once() {
    let around = tempfile::tempdir().unwrap();
    let root = around.path().join("runs");
    let bytes = archive(&[(b"a/meta.json", tar::EntryType::Regular, &meta("a"))]);
    for end in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        assert!(import(&root, &bytes[..end], &Limits::default()).is_err(), "{end}");
    }
    assert!(import(&root, &b"PK\x03\x04 not this"[..], &Limits::default()).is_err());
    let names = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let first = import(&root, &*bytes, &Limits::default()).unwrap();
    assert_eq!(first, Imported { added: names(&["a"]), known: Vec::new() });
    let again = import(&root, &*bytes, &Limits::default()).unwrap();
    assert_eq!(again, Imported { added: Vec::new(), known: names(&["a"]) });
    let out = around.path().join("new/runs.tar.zst");
    export(&out, [("a", &*root.join("a"))]).unwrap();
    let other = around.path().join("other");
    import(&other, File::open(&out).unwrap(), &Limits::default()).unwrap();
    assert_eq!(fs::read(other.join("a/meta.json")).unwrap(), meta("a"));
    assert_eq!(fs::metadata(other.join("a")).unwrap().permissions().mode() & 0o777, 0o700);
}
