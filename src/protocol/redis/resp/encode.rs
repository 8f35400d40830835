//! Encodes commands.

/// Appends a command.
pub fn command<W: AsRef<[u8]>>(out: &mut Vec<u8>, words: &[W]) {
    begin(out, words.len());
    for word in words {
        bulk(out, word.as_ref());
    }
}

/// Appends the header of a command with this many words.
pub fn begin(out: &mut Vec<u8>, words: usize) {
    out.push(b'*');
    number(out, words as u64);
    out.extend_from_slice(b"\r\n");
}

/// Appends a word.
pub fn bulk(out: &mut Vec<u8>, word: &[u8]) {
    bulk_head(out, word.len());
    out.extend_from_slice(word);
    out.extend_from_slice(b"\r\n");
}

/// Appends the header of a word of `length` bytes; the bytes and CRLF must follow.
pub fn bulk_head(out: &mut Vec<u8>, length: usize) {
    out.push(b'$');
    number(out, length as u64);
    out.extend_from_slice(b"\r\n");
}

/// Appends a number as decimal digits.
pub fn number(out: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_arrays_of_counted_words() {
        let mut out = Vec::new();
        command(&mut out, &["SET", "größe", ""]);
        assert_eq!(out, "*3\r\n$3\r\nSET\r\n$7\r\ngröße\r\n$0\r\n\r\n".as_bytes());
        for n in [0, 9, 10, 1_234_567, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, n);
            assert_eq!(out, n.to_string().as_bytes());
        }
    }
}
