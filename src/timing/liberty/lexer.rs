//! Words and punctuation of a Liberty text.

use super::error::Mistake;

/// One token; words and strings borrow the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name, number or anything else without quotes.
    Word(&'a str),
    /// What stands between quotes; may span lines.
    Text(&'a str),
    /// One of `( ) { } : ; ,`.
    Mark(u8),
    /// The end of the text.
    End,
}

/// Splits a text into tokens. Comments and backslashes at line ends are skipped.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The next token with its line.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, u32), Mistake> {
        self.skip_blanks()?;
        let bytes = self.text.as_bytes();
        let (line, start) = (self.line, self.at);
        let token = match bytes.get(start) {
            None => Token::End,
            Some(&mark @ (b'(' | b')' | b'{' | b'}' | b':' | b';' | b',')) => {
                self.at += 1;
                Token::Mark(mark)
            }
            Some(b'"') => {
                let length = self.text[start + 1..]
                    .find('"')
                    .ok_or_else(|| Mistake::new(line, "the string has no closing quote"))?;
                let text = &self.text[start + 1..start + 1 + length];
                self.line += lines_in(text);
                self.at = start + length + 2;
                Token::Text(text)
            }
            Some(_) => {
                let rest = &self.text[start..];
                let end = rest.find(ends_word).unwrap_or(rest.len());
                // A lone backslash is a word of its own, so that every call moves on.
                let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
                self.at = start + end;
                Token::Word(&rest[..end])
            }
        };
        Ok((token, line))
    }

    fn skip_blanks(&mut self) -> Result<(), Mistake> {
        loop {
            let rest = &self.text[self.at..];
            let skipped = if rest.starts_with("/*") {
                match rest.find("*/") {
                    Some(end) => end + 2,
                    None => return Err(Mistake::new(self.line, "the comment has no end")),
                }
            } else if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("\\\n") || rest.starts_with("\\\r\n") {
                1
            } else {
                let end = rest.find(|c: char| !c.is_whitespace());
                end.unwrap_or(rest.len())
            };
            if skipped == 0 {
                return Ok(());
            }
            self.line += lines_in(&rest[..skipped]);
            self.at += skipped;
        }
    }
}

fn lines_in(text: &str) -> u32 {
    text.bytes()
        .filter(|b| *b == b'\n')
        .count()
        .try_into()
        .unwrap_or(u32::MAX)
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '{' | '}' | ':' | ';' | ',' | '"' | '\\')
}
