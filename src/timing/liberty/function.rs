//! Boolean expressions of Liberty: `function`, `when`, `next_state`.

use super::edge::Sense;
use super::syntax::abridged;

/// Parentheses within parentheses.
const DEEPEST: usize = 100;

/// A Boolean function of named pins, as a program for a stack machine: it is
/// evaluated without recursion, 64 cases at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    inputs: Vec<String>,
    program: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Input(usize),
    Constant(bool),
    Not,
    And,
    Or,
    Xor,
}

impl Function {
    /// Reads an expression: `!a` and `a'`, then `^`, then `&`, `*` or nothing
    /// between operands, then `+` or `|`; `0` and `1`.
    ///
    /// # Errors
    /// A message that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            text,
            rest: text.trim_start(),
            function: Self {
                inputs: Vec::new(),
                program: Vec::new(),
            },
        };
        parser.any(0)?;
        match parser.rest {
            "" => Ok(parser.function),
            _ => Err(parser.unusable("an operator")),
        }
    }

    /// Names of the pins it depends on, in order of appearance.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The function of 64 cases: bit `i` of the result belongs to bit `i` of
    /// every input; `input(n)` is the value of [`Function::inputs`]`[n]`.
    pub fn evaluate(&self, input: impl Fn(usize) -> u64) -> u64 {
        self.evaluate_known(|n| (!input(n), input(n))).1
    }

    /// How the function depends on one of its inputs, from its truth table;
    /// [`Sense::Both`] where it has more than twelve inputs.
    pub(super) fn sense(&self, input: &str) -> Sense {
        let Some(subject) = self.inputs.iter().position(|name| name == input) else {
            return Sense::Both;
        };
        if self.inputs.len() > 12 {
            return Sense::Both;
        }
        let (mut rises, mut falls) = (false, false);
        for state in 0..1_u32 << self.inputs.len() {
            // Case 0 has the input at 0, case 1 at 1.
            let value = |n: usize| {
                if n == subject {
                    0b10
                } else {
                    u64::from(state >> n & 1) * 0b11
                }
            };
            let result = self.evaluate(value) & 0b11;
            rises |= result == 0b10;
            falls |= result == 0b01;
        }
        match (rises, falls) {
            (true, false) => Sense::Positive,
            (false, true) => Sense::Negative,
            _ => Sense::Both,
        }
    }

    /// The function of inputs that may be unknown. Values are `(may be 0, may
    /// be 1)` in 64 cases; the result is exact where every input appears once,
    /// else it may be unknown too often.
    pub fn evaluate_known(&self, input: impl Fn(usize) -> (u64, u64)) -> (u64, u64) {
        let mut stack: Vec<(u64, u64)> = Vec::with_capacity(8);
        for step in &self.program {
            let value = match step {
                Step::Input(n) => input(*n),
                Step::Constant(false) => (!0, 0),
                Step::Constant(true) => (0, !0),
                Step::Not => {
                    let a = pop(&mut stack);
                    (a.1, a.0)
                }
                Step::And => {
                    let (a, b) = (pop(&mut stack), pop(&mut stack));
                    (a.0 | b.0, a.1 & b.1)
                }
                Step::Or => {
                    let (a, b) = (pop(&mut stack), pop(&mut stack));
                    (a.0 & b.0, a.1 | b.1)
                }
                Step::Xor => {
                    let (a, b) = (pop(&mut stack), pop(&mut stack));
                    (a.0 & b.0 | a.1 & b.1, a.0 & b.1 | a.1 & b.0)
                }
            };
            stack.push(value);
        }
        pop(&mut stack)
    }
}

/// The parser leaves an operand for every operator, so the stack is never empty.
fn pop(stack: &mut Vec<(u64, u64)>) -> (u64, u64) {
    stack.pop().unwrap_or((!0, 0))
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    function: Function,
}

impl Parser<'_> {
    fn unusable(&self, expected: &str) -> String {
        let whole = abridged(self.text);
        match self.rest {
            "" => format!("the function {whole} is not usable: expected {expected} at its end"),
            rest => format!(
                "the function {whole} is not usable: expected {expected} before {}",
                abridged(rest)
            ),
        }
    }

    fn take(&mut self, marks: &[char]) -> bool {
        match self.rest.strip_prefix(marks) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn any(&mut self, depth: usize) -> Result<(), String> {
        self.all(depth)?;
        while self.take(&['+', '|']) {
            self.all(depth)?;
            self.function.program.push(Step::Or);
        }
        Ok(())
    }

    fn all(&mut self, depth: usize) -> Result<(), String> {
        self.differ(depth)?;
        loop {
            let operator = self.take(&['&', '*']);
            let operand = self
                .rest
                .starts_with(|c| c == '(' || c == '!' || in_name(c));
            if !operator && !operand {
                return Ok(());
            }
            self.differ(depth)?;
            self.function.program.push(Step::And);
        }
    }

    fn differ(&mut self, depth: usize) -> Result<(), String> {
        self.operand(depth)?;
        while self.take(&['^']) {
            self.operand(depth)?;
            self.function.program.push(Step::Xor);
        }
        Ok(())
    }

    fn operand(&mut self, depth: usize) -> Result<(), String> {
        let mut inverted = false;
        while self.take(&['!']) {
            inverted = !inverted;
        }
        if self.take(&['(']) {
            if depth >= DEEPEST {
                return Err(self.unusable("fewer parentheses within each other"));
            }
            self.any(depth + 1)?;
            if !self.take(&[')']) {
                return Err(self.unusable("`)`"));
            }
        } else {
            let length = self.rest.find(|c| !in_name(c)).unwrap_or(self.rest.len());
            let (name, rest) = self.rest.split_at(length);
            let step = match name {
                "" => return Err(self.unusable("a pin or `(`")),
                "0" => Step::Constant(false),
                "1" => Step::Constant(true),
                _ => {
                    let inputs = &mut self.function.inputs;
                    let known = inputs.iter().position(|input| input == name);
                    Step::Input(known.unwrap_or_else(|| {
                        inputs.push(name.to_owned());
                        inputs.len() - 1
                    }))
                }
            };
            self.rest = rest.trim_start();
            self.function.program.push(step);
        }
        while self.take(&['\'']) {
            inverted = !inverted;
        }
        if inverted {
            self.function.program.push(Step::Not);
        }
        Ok(())
    }
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '[' | ']' | '.' | '$')
}
