//! A gate's function over delayed literals: the sum of all its prime
//! implicants.
//!
//! A literal is an input or its complement, each with delays of its own. In
//! the complete sum, a change of one input that does not change the function's
//! value leaves a term at 1 throughout (no static hazard), and the way in
//! which a library happens to write the function does not matter.

use crate::timing::liberty::Function;

/// Inputs of a gate, at most.
pub(super) const MOST_INPUTS: usize = 8;

/// An input of the function, or its complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Literal {
    /// Place among the function's inputs.
    pub(super) input: usize,
    /// Whether the complement is meant.
    pub(super) inverted: bool,
}

/// A formula without complements, in postfix order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A literal, by its place in [`Cover::literals`].
    Literal(u8),
    /// The last two values.
    And,
    /// The last two values.
    Or,
}

/// The complete sum, factored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    /// The literals that it depends on.
    pub(super) literals: Vec<Literal>,
    /// What becomes of them; never empty.
    pub(super) formula: Vec<Step>,
}

/// Conditions of a product: per input whether it counts, and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cube {
    counts: u8,
    value: u8,
}

impl Cover {
    /// The complete sum of a function, where some inputs are known constants.
    /// `Err` has the value of a function that is constant.
    ///
    /// # Panics
    /// With more than [`MOST_INPUTS`] inputs.
    pub(super) fn of(function: &Function, known: &[Option<bool>]) -> Result<Self, bool> {
        let inputs = function.inputs().len();
        assert!(inputs <= MOST_INPUTS, "{inputs} inputs");
        let states = 0..1_usize << inputs;
        let bit = |state: usize, n: usize| known[n].unwrap_or(state >> n & 1 == 1);
        let value = |state: usize| {
            let input = |n: usize| u64::from(bit(state, n));
            function.evaluate(input) & 1 == 1
        };
        let truth: Vec<bool> = states.map(value).collect();
        if truth.iter().all(|v| *v == truth[0]) {
            return Err(truth[0]);
        }
        let primes = primes(&truth, inputs);
        let mut cover = Self {
            literals: Vec::new(),
            formula: Vec::new(),
        };
        for n in 0..inputs {
            for inverted in [false, true] {
                let literal = Literal { input: n, inverted };
                if primes.iter().any(|cube| cube.has(literal)) {
                    cover.literals.push(literal);
                }
            }
        }
        cover.factor(primes);
        Ok(cover)
    }

    /// Appends the formula of a sum of products: the commonest literal is
    /// taken out, l·(what has it) + the rest.
    fn factor(&mut self, cubes: Vec<Cube>) {
        let count = |l: &Literal| cubes.iter().filter(|cube| cube.has(*l)).count();
        let indexed = self.literals.iter().enumerate();
        // The first of the commonest.
        let best = indexed.max_by_key(|(place, l)| (count(l), usize::MAX - place));
        let (place, &literal) = best.expect("a function that is not constant has literals");
        let (with, without): (Vec<Cube>, Vec<Cube>) =
            cubes.iter().partition(|cube| cube.has(literal));
        let rest: Vec<Cube> = with.iter().map(|cube| cube.without(literal)).collect();
        self.formula.push(Step::Literal(place as u8));
        if rest.iter().all(|cube| cube.counts != 0) {
            self.factor(rest);
            self.formula.push(Step::And);
        }
        if !without.is_empty() {
            self.factor(without);
            self.formula.push(Step::Or);
        }
    }

    /// The value of the formula.
    pub(super) fn evaluate(&self, literal: impl Fn(usize) -> bool) -> bool {
        // Deep enough for every formula: a bit a value.
        let mut stack = 0_u64;
        for step in &self.formula {
            stack = match step {
                Step::Literal(n) => stack << 1 | u64::from(literal(usize::from(*n))),
                Step::And => stack >> 1 & (stack | !1),
                Step::Or => stack >> 1 | stack & 1,
            };
        }
        stack & 1 == 1
    }
}

impl Cube {
    fn has(self, literal: Literal) -> bool {
        self.counts >> literal.input & 1 == 1
            && (self.value >> literal.input & 1 == 1) != literal.inverted
    }

    fn without(self, literal: Literal) -> Self {
        let mask = !(1_u8 << literal.input);
        Self {
            counts: self.counts & mask,
            value: self.value & mask,
        }
    }

    fn covers(self, other: Self) -> bool {
        self.counts & other.counts == self.counts && other.value & self.counts == self.value
    }
}

/// All prime implicants of a truth table: of the 3ⁿ products the implicants
/// that no other one covers.
fn primes(truth: &[bool], inputs: usize) -> Vec<Cube> {
    let mut implicants: Vec<Cube> = Vec::new();
    for counts in 0..1_usize << inputs {
        for value in (0..1_usize << inputs).filter(|value| value & !counts == 0) {
            let mut states = truth.iter().enumerate();
            if states.all(|(state, holds)| *holds || state & counts != value) {
                let (counts, value) = (counts as u8, value as u8);
                implicants.push(Cube { counts, value });
            }
        }
    }
    let covered = |cube: &Cube| {
        let mut others = implicants.iter();
        others.any(|other| other != cube && other.covers(*cube))
    };
    implicants.iter().copied().filter(|c| !covered(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(text: &str) -> Cover {
        let function = Function::parse(text).unwrap();
        let known = vec![None; function.inputs().len()];
        Cover::of(&function, &known).unwrap()
    }

    #[test]
    fn complete_sums_compute_the_function() {
        let texts = [
            "A",
            "!A",
            "(A&!B) | (!A&B)",
            "!((A1&A2) | (B1&B2) | C1)",
            "(A&B) | (A&C) | (B&C)",
            "A^B^C",
            "(S1'&S0'&A) | (S1'&S0&B) | (S1&S0'&C) | (S1&S0&D)",
            "(A1+A2+A3+A4) B1",
        ];
        for text in texts {
            let function = Function::parse(text).unwrap();
            let cover = cover(text);
            for state in 0..1_u64 << function.inputs().len() {
                let expected = function.evaluate(|n| state >> n & 1) & 1 == 1;
                let found = cover.evaluate(|at| {
                    let literal = cover.literals[at];
                    (state >> literal.input & 1 == 1) != literal.inverted
                });
                assert_eq!(found, expected, "{text} {state:b}");
            }
        }
    }

    #[test]
    fn formulas_are_short_and_without_static_hazards() {
        // A nand is a sum of complements, an and-or stays factored.
        assert_eq!(cover("!(A&B&C)").formula.len(), 5);
        assert_eq!(cover("!((A1|A2)&B1)").formula.len(), 5);
        assert_eq!(cover("(A&!B)|(!A&B)").formula.len(), 7);
        // A multiplexer keeps its output while both inputs are 1, whatever the literals of S do.
        let mux = cover("(A0&!S) | (A1&S)");
        let both_ones = |at: usize| mux.literals[at].input != 1;
        assert_eq!(mux.literals.len(), 4);
        assert!(mux.evaluate(both_ones));
    }

    #[test]
    fn constants_disappear() {
        let function = Function::parse("(A&B) | C").unwrap();
        let of = |known: [Option<bool>; 3]| Cover::of(&function, &known);
        assert_eq!(of([None, None, Some(true)]), Err(true));
        assert_eq!(of([Some(false), None, Some(false)]), Err(false));
        let left = of([Some(true), None, Some(false)]).unwrap();
        assert_eq!(left.literals.len(), 1);
        assert_eq!(left.literals[0].input, 1);
    }
}
