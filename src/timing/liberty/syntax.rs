//! The syntax of Liberty: groups of attributes and groups.

use super::error::Mistake;
use super::lexer::{Lexer, Token};

/// Groups within groups; real libraries have about seven.
const DEEPEST: usize = 40;

/// `name (arguments) { ... }`.
#[derive(Clone, Debug, Default)]
pub(super) struct Group<'a> {
    /// What kind of group.
    pub(super) kind: &'a str,
    /// What stands in the parentheses.
    pub(super) arguments: Vec<&'a str>,
    /// Line of its name.
    pub(super) line: u32,
    /// `name : value;`, in order.
    pub(super) simple: Vec<Simple<'a>>,
    /// `name (values);`, in order.
    pub(super) complex: Vec<Complex<'a>>,
    /// Groups, in order.
    pub(super) groups: Vec<Group<'a>>,
}

/// `name : value;`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Simple<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) line: u32,
}

/// `name (values);`.
#[derive(Clone, Debug)]
pub(super) struct Complex<'a> {
    pub(super) name: &'a str,
    pub(super) values: Vec<&'a str>,
    pub(super) line: u32,
}

impl<'a> Group<'a> {
    /// The last simple attribute of a name: a later one replaces an earlier one.
    pub(super) fn attribute(&self, name: &str) -> Option<Simple<'a>> {
        self.simple.iter().rev().find(|s| s.name == name).copied()
    }

    /// Its value.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.attribute(name).map(|s| s.value)
    }

    /// Whether it is there and true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|v| v.eq_ignore_ascii_case("true"))
    }

    /// The last complex attribute of a name.
    pub(super) fn list(&self, name: &str) -> Option<&Complex<'a>> {
        self.complex.iter().rev().find(|c| c.name == name)
    }

    /// All groups of a kind.
    pub(super) fn all<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b Group<'a>> {
        self.groups.iter().filter(move |g| g.kind == kind)
    }

    /// The first group of a kind.
    pub(super) fn first(&self, kind: &str) -> Option<&Group<'a>> {
        self.groups.iter().find(|g| g.kind == kind)
    }

    /// The first argument.
    pub(super) fn name(&self) -> Option<&'a str> {
        self.arguments.first().copied()
    }

    /// A number, finite and of a sane magnitude.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, Mistake> {
        let read = |s: Simple| number(s.value).map_err(|m| Mistake::new(s.line, m));
        self.attribute(name).map(read).transpose()
    }
}

/// Larger magnitudes could overflow when they are multiplied.
const LARGEST: f64 = 1e30;

/// Reads a number.
pub(super) fn number(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value.abs() <= LARGEST => Ok(value),
        _ => Err(format!(
            "{} is not usable: expected a number of magnitude {LARGEST:e} or less",
            abridged(text)
        )),
    }
}

/// A piece of the file for a message.
pub(super) fn abridged(text: &str) -> String {
    let line: String = text.chars().take(40).collect();
    let dots = if line.len() < text.len() { "..." } else { "" };
    format!("`{}{dots}`", line.replace(['\n', '\r'], " "))
}

/// Reads a text that is one `library` group.
pub(super) fn parse(text: &str) -> Result<Group<'_>, Mistake> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        text,
        token: Token::End,
        line: 1,
    };
    parser.step()?;
    let top = match parser.statement(0)? {
        Statement::Group(group) if group.kind == "library" => group,
        _ => return Err(Mistake::new(1, "expected `library (NAME) {`")),
    };
    match parser.token {
        Token::End => Ok(top),
        _ => Err(parser.expected("the end of the file after the library's closing brace")),
    }
}

enum Statement<'a> {
    Simple(Simple<'a>),
    Complex(Complex<'a>),
    Group(Group<'a>),
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    text: &'a str,
    token: Token<'a>,
    line: u32,
}

impl<'a> Parser<'a> {
    fn step(&mut self) -> Result<(), Mistake> {
        (self.token, self.line) = self.lexer.next()?;
        Ok(())
    }

    fn expected(&self, what: &str) -> Mistake {
        let found = match self.token {
            Token::Word(word) => abridged(word),
            Token::Text(text) => format!("the string {}", abridged(text)),
            Token::Mark(mark) => format!("`{}`", char::from(mark)),
            Token::End => "the end of the file".to_owned(),
        };
        Mistake::new(self.line, format!("expected {what}, found {found}"))
    }

    fn statement(&mut self, depth: usize) -> Result<Statement<'a>, Mistake> {
        let Token::Word(name) = self.token else {
            return Err(self.expected("a name"));
        };
        let line = self.line;
        self.step()?;
        match self.token {
            Token::Mark(b':') => {
                let value = self.simple_value()?;
                Ok(Statement::Simple(Simple { name, value, line }))
            }
            Token::Mark(b'(') => {
                let values = self.arguments()?;
                if self.token == Token::Mark(b'{') {
                    let group = Group {
                        kind: name,
                        arguments: values,
                        line,
                        ..Group::default()
                    };
                    return Ok(Statement::Group(self.body(group, depth)?));
                }
                if self.token == Token::Mark(b';') {
                    self.step()?;
                }
                Ok(Statement::Complex(Complex { name, values, line }))
            }
            _ => Err(self.expected(&format!("`:` or `(` after {}", abridged(name)))),
        }
    }

    /// A value ends with a semicolon, or where that is missing with its line.
    fn simple_value(&mut self) -> Result<&'a str, Mistake> {
        let line = self.line;
        self.step()?;
        let value = match self.token {
            Token::Text(text) => {
                self.step()?;
                text
            }
            Token::Word(first) => {
                // An expression such as `VDD + 0.5` is one value.
                let start = first.as_ptr() as usize - self.text.as_ptr() as usize;
                let mut end = start;
                while let Token::Word(word) = self.token
                    && self.line == line
                {
                    end = word.as_ptr() as usize - self.text.as_ptr() as usize + word.len();
                    self.step()?;
                }
                self.text.get(start..end).unwrap_or(first)
            }
            _ => return Err(self.expected("a value after `:`")),
        };
        match self.token {
            Token::Mark(b';') => self.step()?,
            _ if self.line > line || self.token == Token::Mark(b'}') => {}
            _ => return Err(self.expected("`;`")),
        }
        Ok(value)
    }

    fn arguments(&mut self) -> Result<Vec<&'a str>, Mistake> {
        let mut values = Vec::new();
        loop {
            self.step()?;
            match self.token {
                Token::Word(value) | Token::Text(value) => values.push(value),
                Token::Mark(b',' | b':') => {}
                Token::Mark(b')') => break,
                _ => return Err(self.expected("a value or `)`")),
            }
        }
        self.step()?;
        Ok(values)
    }

    fn body(&mut self, mut group: Group<'a>, depth: usize) -> Result<Group<'a>, Mistake> {
        if depth >= DEEPEST {
            return Err(Mistake::new(
                self.line,
                format!("more than {DEEPEST} groups within each other"),
            ));
        }
        self.step()?;
        loop {
            match self.token {
                Token::Mark(b'}') => break,
                Token::Mark(b';') => self.step()?,
                Token::End => {
                    let kind = abridged(group.kind);
                    let opened = format!("`}}` for the {kind} group of line {}", group.line);
                    return Err(self.expected(&opened));
                }
                _ => match self.statement(depth + 1)? {
                    Statement::Simple(simple) => group.simple.push(simple),
                    Statement::Complex(complex) => group.complex.push(complex),
                    Statement::Group(inner) => group.groups.push(inner),
                },
            }
        }
        self.step()?;
        Ok(group)
    }
}
