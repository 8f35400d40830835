//! Encodes a command of the scenario.

use super::resp::encode;
use crate::scenario::eval::template::{RenderError, Scope};
use crate::scenario::plan::Argument;

/// Buffers for the words of commands, reused.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: String,
    bytes: Vec<u8>,
}

impl Words {
    /// Appends the command to `out`, with its templates filled in; `name` receives its first word.
    pub(super) fn encode(
        &mut self,
        command: &[Argument],
        scope: &mut Scope,
        out: &mut Vec<u8>,
        mut name: impl FnMut(&str),
    ) -> Result<(), RenderError> {
        encode::begin(out, command.len());
        for (at, argument) in command.iter().enumerate() {
            match argument {
                Argument::Text(text) => {
                    self.text.clear();
                    text.render(scope, &mut self.text)?;
                    encode::bulk(out, self.text.as_bytes());
                    if at == 0 {
                        name(&self.text);
                    }
                }
                Argument::Bytes(payload) => {
                    self.bytes.clear();
                    payload.render(scope, &mut self.bytes)?;
                    encode::bulk(out, &self.bytes);
                }
            }
        }
        Ok(())
    }
}
