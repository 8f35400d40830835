use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use super::*;
use crate::scenario::eval::template::SlotId;

fn feeder(path: &Path, order: Order, bind: Bind, on_end: OnEnd) -> Feeder {
    let columns = ["n".into(), "text".into()].into();
    Feeder { name: "d".into(), path: path.into(), delimiter: b',', columns, order, bind, on_end, slot: SlotId(0) }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn rows(n: usize) -> String {
    (0..n).fold("n,text\n".to_owned(), |text, n| format!("{text}{n},row {n}\n"))
}

/// Column `n` of the rows of these takers.
fn taken(source: &Source, feeder: &Feeder, takers: impl IntoIterator<Item = (u32, u64)>) -> Vec<Option<u64>> {
    let take = |(user, iteration)| match source.take(feeder, Taker { user, iteration }) {
        Ok(row) => Some(row.get_attr("n").unwrap().as_str().unwrap().parse().unwrap()),
        Err(Miss::Exhausted) => None,
        Err(Miss::Unreadable(why)) => panic!("{why}"),
    };
    takers.into_iter().map(take).collect()
}

fn open_one(feeder: &Feeder, seed: u64) -> Arc<[Source]> {
    open(std::slice::from_ref(feeder), seed).unwrap()
}

#[test]
fn row_of_a_user_depends_on_its_number() {
    let file = file(&rows(3));
    for (on_end, expected) in [
        (OnEnd::Recycle, [Some(0), Some(1), Some(2), Some(0), Some(1)]),
        (OnEnd::Stop, [Some(0), Some(1), Some(2), None, None]),
    ] {
        let feeder = feeder(file.path(), Order::Sequential, Bind::User, on_end);
        let source = &open_one(&feeder, 1)[0];
        assert_eq!(taken(source, &feeder, (0..5).map(|user| (user, 0))), expected);
        assert_eq!(taken(source, &feeder, [(1, 99)]), [Some(1)], "a second taking gives the same row");
    }
}

#[test]
fn rows_are_distributed_over_iterations() {
    let file = file(&rows(4));
    let sequential = feeder(file.path(), Order::Sequential, Bind::Iteration, OnEnd::Stop);
    let source = &open_one(&sequential, 1)[0];
    let got = taken(source, &sequential, [(0, 0), (7, 0), (0, 1), (3, 0), (0, 2), (7, 1)]);
    assert_eq!(got, [Some(0), Some(1), Some(2), Some(3), None, None]);
}

#[test]
fn shuffle_uses_every_row_once_per_round_and_depends_on_the_seed() {
    let file = file(&rows(50));
    let feeder = feeder(file.path(), Order::Shuffle, Bind::Iteration, OnEnd::Recycle);
    let order = |seed| taken(&open_one(&feeder, seed)[0], &feeder, (0..150).map(|i| (0, i)));
    let one = order(1);
    for round in one.chunks(50) {
        assert_eq!(round.iter().flatten().collect::<BTreeSet<_>>().len(), 50);
    }
    assert_ne!(one[..50], one[50..100], "every round is shuffled anew");
    assert_eq!(one, order(1));
    assert_ne!(one, order(2));
}

#[test]
fn random_rows_depend_on_user_and_iteration() {
    let file = file(&rows(1_000));
    let feeder = feeder(file.path(), Order::Random, Bind::Iteration, OnEnd::Stop);
    let pairs: Vec<_> = (0..100).map(|n| (n % 4, u64::from(n / 4))).collect();
    let got = |seed, pairs: &[(u32, u64)]| taken(&open_one(&feeder, seed)[0], &feeder, pairs.iter().copied());
    let backwards: Vec<_> = pairs.iter().rev().copied().collect();
    let mut again = got(1, &backwards);
    again.reverse();
    assert_eq!(got(1, &pairs), again, "the order of taking does not matter");
    assert_ne!(got(1, &pairs), got(2, &pairs));
    assert!(got(1, &pairs).iter().flatten().collect::<BTreeSet<_>>().len() > 80);
}

#[test]
fn quotes_line_ends_and_invalid_rows() {
    let text = "n,text\r\n0,\"a, \"\"b\"\"\r\nc\"\r\n\r\n1\r\n2,x,y\r\n3,\"\"\r\n4,é";
    let file = file(text);
    let feeder = feeder(file.path(), Order::Sequential, Bind::User, OnEnd::Stop);
    let source = &open_one(&feeder, 1)[0];
    let text = |user| {
        let row = source.take(&feeder, Taker { user, iteration: 0 }).unwrap();
        (row.get_attr("n").unwrap().to_string(), row.get_attr("text").unwrap().to_string())
    };
    let pair = |n: &str, text: &str| (n.to_owned(), text.to_owned());
    assert_eq!([text(0), text(1), text(2)], [pair("0", "a, \"b\"\r\nc"), pair("3", ""), pair("4", "é")]);
    assert_eq!(source.take(&feeder, Taker { user: 3, iteration: 0 }).unwrap_err(), Miss::Exhausted);
    let complaint = source.skipped_rows(&feeder).unwrap();
    assert!(complaint.contains("has 1 cells where the header has 2 (and 1 more"), "{complaint}");
}

#[test]
fn rows_that_are_not_utf8_are_skipped_with_any_buffer_size() {
    let text = b"n,text\n0,\"\xc3\xa9\xe2\x9c\x93\"\n1,Andr\xe9\n2,\xf0\x9f\xa6\x97\n3,caf\xc3\n4,x\n5,\xff\n6,\xc3\xa9\n7,\xc3";
    for room in 1..text.len() {
        let index = Index::build(&mut std::io::BufReader::with_capacity(room, &text[..]), b',', 2).unwrap();
        let rows: Vec<String> = (0..index.len())
            .map(|row| {
                let (from, length) = index.span(row).unwrap();
                index::cells(&text[from as usize..from as usize + length], b',').unwrap().swap_remove(0)
            })
            .collect();
        assert_eq!(rows, ["0", "2", "4", "6"], "{room}");
        let complaint = index.skipped_rows(2).unwrap();
        assert!(complaint.contains("is not UTF-8") && complaint.contains("and 3 more"), "{complaint}");
    }
}

#[test]
fn large_files_are_read_from_disk() {
    let padding = "x".repeat(200);
    let text = (0..30_000).fold("n,text\n".to_owned(), |mut text, n| {
        text.push_str(&format!("{n},{padding}\n"));
        text
    });
    assert!(text.len() as u64 > IN_MEMORY);
    let file = file(&text);
    let feeder = feeder(file.path(), Order::Sequential, Bind::User, OnEnd::Recycle);
    let source = &open_one(&feeder, 1)[0];
    assert!(matches!(source.text, Text::Disk(_)));
    assert_eq!(
        taken(source, &feeder, [(0, 0), (29_999, 0), (12_345, 0), (30_000, 0)]),
        [Some(0), Some(29_999), Some(12_345), Some(0)]
    );
    file.as_file().set_len(1_000).unwrap();
    assert!(matches!(source.take(&feeder, Taker { user: 20_000, iteration: 0 }), Err(Miss::Unreadable(_))));
}

#[test]
fn file_without_valid_rows_is_an_error() {
    for (text, why) in
        [("n,text\n", "no rows"), ("", "no rows"), ("n,text\n1\n", "1 cells"), ("n,text\n\"1,2\n3,4\n", "1 cells")]
    {
        let file = file(text);
        let feeder = feeder(file.path(), Order::Sequential, Bind::User, OnEnd::Recycle);
        let error = open(&[feeder], 1).unwrap_err().to_string();
        assert!(error.contains(why), "{text:?}: {error}");
    }
    let gone = feeder(Path::new("/no/such/file.csv"), Order::Random, Bind::User, OnEnd::Recycle);
    assert!(open(&[gone], 1).unwrap_err().to_string().starts_with("data d: /no/such/file.csv: "));
}
