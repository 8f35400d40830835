//! Fills in the arguments of a command.

use ::redis::{Cmd, RedisWrite as _};

use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::Argument;

/// Appends the arguments to `out`; the other buffers hold one of them at a time.
pub(super) fn fill(
    arguments: &[Argument],
    scope: &mut Scope,
    out: &mut Cmd,
    (word, bytes): (&mut String, &mut Vec<u8>),
) -> Result<(), RenderError> {
    for argument in arguments {
        match argument {
            Argument::Text(text) => {
                word.clear();
                text.render(scope, word)?;
                out.write_arg(word.as_bytes());
            }
            Argument::Bytes(payload) => {
                bytes.clear();
                payload.render(scope, bytes)?;
                out.write_arg(bytes);
            }
        }
    }
    Ok(())
}

/// The name of a command in upper case, at most `most` characters.
pub(super) fn name(first: &[u8], most: usize, out: &mut String) {
    out.clear();
    out.extend(String::from_utf8_lossy(first).chars().map(|c| c.to_ascii_uppercase()).take(most));
}
