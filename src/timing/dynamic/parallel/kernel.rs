//! The inner loops: waveforms of all nodes, drivers first.

use super::Parallel;
use super::lanes::{Lanes, one_word_at_a_time, window};
use super::plan::Row;
use crate::timing::dynamic::cover::Step;
use crate::timing::dynamic::model::{DelayedFunction, DelayedLiteral};
use std::ops::Range;

/// Rows of operands that a formula may need at a time.
pub(super) const MOST_OPERANDS: usize = 20;

/// Runs one batch.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
pub(super) fn simulate(of: &mut Parallel<'_>, old: &[Lanes], new: &[Lanes]) {
    settle(of, new);
    for (node, (old, new)) in old.iter().zip(new).enumerate() {
        if let Some(row) = &of.plan.rows[node] {
            launch(row, of.model.launches[node], *old, *new, &mut of.store);
        }
    }
    let inputs = of.model.inputs();
    for (index, function) in of.model.functions.iter().enumerate() {
        if let Some(row) = &of.plan.rows[inputs + index] {
            gate(
                row,
                function,
                &of.plan.rows,
                &of.settled,
                &mut of.store,
                &mut of.scratch,
                of.plan.longest,
            );
        }
    }
    capture(of);
}

/// Final values of all nodes.
#[inline(always)]
fn settle(of: &mut Parallel<'_>, new: &[Lanes]) {
    let inputs = new.len();
    of.settled[..inputs].copy_from_slice(new);
    for (index, function) in of.model.functions.iter().enumerate() {
        let mut stack = [Lanes::default(); MOST_OPERANDS];
        let mut depth = 0;
        for step in &function.cover.formula {
            match step {
                Step::Literal(n) => {
                    let literal = &function.literals[usize::from(*n)];
                    stack[depth] = settled(literal, &of.settled);
                    depth += 1;
                }
                Step::And => {
                    depth -= 1;
                    stack[depth - 1] = stack[depth - 1].and(stack[depth]);
                }
                Step::Or => {
                    depth -= 1;
                    stack[depth - 1] = stack[depth - 1].or(stack[depth]);
                }
            }
        }
        of.settled[inputs + index] = stack[0];
    }
}

#[inline(always)]
fn settled(literal: &DelayedLiteral, settled: &[Lanes]) -> Lanes {
    settled[literal.source].xor(Lanes::all(literal.inverted))
}

/// The waveform of a register's output.
#[inline(always)]
fn launch(row: &Row, [rise, fall]: [u32; 2], old: Lanes, new: Lanes, store: &mut [Lanes]) {
    let between = if rise < fall {
        old.or(new)
    } else {
        old.and(new)
    };
    for (place, step) in row.stored.clone().enumerate() {
        store[row.at + place] = match step {
            step if step >= rise.max(fall) as i32 => new,
            step if step >= rise.min(fall) as i32 => between,
            _ => old,
        };
    }
}

/// The waveform of a gate's output.
#[inline(always)]
fn gate(
    row: &Row,
    function: &DelayedFunction,
    rows: &[Option<Row>],
    settled_values: &[Lanes],
    store: &mut [Lanes],
    scratch: &mut [Lanes],
    longest: usize,
) {
    let length = row.computed.len();
    let place = row.at + (row.computed.start - row.stored.start) as usize;
    let place = place..place + length;
    let formula = &function.cover.formula;
    let mut depth = 0;
    let mut at = 0;
    while let Some(step) = formula.get(at) {
        at += 1;
        let (values, spare) = scratch.split_at_mut(depth * longest);
        let Step::Literal(n) = step else {
            depth -= 1;
            let (left, right) = values.split_at_mut(depth * longest);
            let left = &mut left[(depth - 1) * longest..][..length];
            if at < formula.len() {
                join_rows(step, in_place(left), right);
            } else {
                join_rows(step, into(&mut store[place.clone()], left), right);
            }
            continue;
        };
        let literal = &function.literals[usize::from(*n)];
        let operand = Operand::of(literal, rows, settled_values, &row.computed);
        let operation = formula.get(at).filter(|s| !matches!(s, Step::Literal(_)));
        let (Some(operation), 1..) = (operation, depth) else {
            let (value, spare) = spare.split_at_mut(longest);
            let outs = value[..length].iter_mut();
            operand.each(operand.words(store), spare, outs, |out, value| *out = value);
            depth += 1;
            continue;
        };
        // An operand that is used at once need not be kept.
        at += 1;
        let left = &mut values[(depth - 1) * longest..][..length];
        if at < formula.len() {
            let words = operand.words(store);
            join_operand(operation, in_place(left), &operand, words, spare);
            continue;
        }
        // The last step writes the result to its place. No row lies where one is that it is
        // computed from.
        let (before, rest) = store.split_at_mut(place.start);
        let (out, after) = rest.split_at_mut(length);
        let words = if operand.place.end <= place.start {
            operand.words(before)
        } else {
            let start = operand.place.start.saturating_sub(place.end);
            &after[start..start + operand.place.len()]
        };
        join_operand(operation, into(out, left), &operand, words, spare);
    }
    if let [Step::Literal(_)] = formula[..] {
        store[place.clone()].copy_from_slice(&scratch[..length]);
    }
    let stored = &mut store[row.at..][..row.stored.len()];
    let before = (row.computed.start - row.stored.start) as usize;
    let (first, last) = (stored[before], stored[before + length - 1]);
    fill(&mut stored[..before], first);
    fill(&mut stored[before + length..], last);
}

/// Left operands that the results replace.
#[inline(always)]
fn in_place(left: &mut [Lanes]) -> impl Iterator<Item = (&mut Lanes, Lanes)> {
    left.iter_mut().map(|left| {
        let value = *left;
        (left, value)
    })
}

/// Places of results, and left operands.
#[inline(always)]
fn into<'l>(
    out: &'l mut [Lanes],
    left: &'l [Lanes],
) -> impl Iterator<Item = (&'l mut Lanes, Lanes)> {
    out.iter_mut().zip(left.iter().copied())
}

/// Joins left operands with the values of a row.
#[inline(always)]
fn join_rows<'l>(
    operation: &Step,
    outs: impl Iterator<Item = (&'l mut Lanes, Lanes)>,
    right: &[Lanes],
) {
    if *operation == Step::And {
        for ((out, left), right) in outs.zip(right) {
            *out = left.and(*right);
            one_word_at_a_time();
        }
    } else {
        for ((out, left), right) in outs.zip(right) {
            *out = left.or(*right);
            one_word_at_a_time();
        }
    }
}

/// Joins left operands with a literal, `words` being its source's.
#[inline(always)]
fn join_operand<'l>(
    operation: &Step,
    outs: impl Iterator<Item = (&'l mut Lanes, Lanes)>,
    operand: &Operand,
    words: &[Lanes],
    spare: &mut [Lanes],
) {
    if *operation == Step::And {
        operand.each(words, spare, outs, |(out, left), value| {
            *out = left.and(value);
        });
    } else {
        operand.each(words, spare, outs, |(out, left), value| {
            *out = left.or(value);
        });
    }
}

#[inline(always)]
fn fill(words: &mut [Lanes], value: Lanes) {
    for word in words {
        *word = value;
        one_word_at_a_time();
    }
}

/// A literal over the steps of the gate that it is of.
struct Operand {
    /// Its source in the store; empty where the source has settled.
    place: Range<usize>,
    /// The source's settled value.
    settled: Lanes,
    width: usize,
    /// Whether it is a conjunction of its source's steps.
    and: bool,
    flip: Lanes,
}

impl Operand {
    #[inline(always)]
    fn of(
        literal: &DelayedLiteral,
        rows: &[Option<Row>],
        settled_values: &[Lanes],
        steps: &Range<i32>,
    ) -> Self {
        let (longest, width) = literal.spread();
        let [rise, fall] = literal.delay;
        let place = match &rows[literal.source] {
            None => 0..0,
            Some(source) => {
                let before = steps.start - longest as i32 - source.stored.start;
                let from = source.at + before as usize;
                from..from + steps.len() + width as usize
            }
        };
        Self {
            place,
            settled: settled(literal, settled_values),
            width: width as usize,
            // An inverted literal is high where its source is low throughout.
            and: (rise > fall) != literal.inverted,
            flip: Lanes::all(literal.inverted),
        }
    }

    #[inline(always)]
    fn words<'s>(&self, store: &'s [Lanes]) -> &'s [Lanes] {
        &store[self.place.clone()]
    }

    /// Calls `of` with each of `outs` and the literal at its step, `words` being the source's.
    #[inline(always)]
    fn each<T>(
        &self,
        words: &[Lanes],
        scratch: &mut [Lanes],
        outs: impl Iterator<Item = T>,
        of: impl Fn(T, Lanes),
    ) {
        if self.place.is_empty() {
            for out in outs {
                of(out, self.settled);
                one_word_at_a_time();
            }
        } else if self.and {
            window::<true, T>(words, self.width, self.flip, scratch, outs, of);
        } else {
            window::<false, T>(words, self.width, self.flip, scratch, outs, of);
        }
    }
}

/// What every clock edge finds.
#[inline(always)]
fn capture(of: &mut Parallel<'_>) {
    let outputs = of.model.outputs();
    let first = of.model.captured_at(of.periods[0]) as i32;
    for index in 0..outputs {
        let node = of.model.capture(index);
        let Some(function) = of.model.function(node) else {
            continue;
        };
        let value = of.settled[node];
        // Steps in which it may still change.
        let steps = first..of.model.last_change(node) as i32;
        if !steps.is_empty() {
            let literal = &function.literals[0];
            let operand = Operand::of(literal, &of.plan.rows, &of.settled, &steps);
            let (value, spare) = of.scratch.split_at_mut(of.plan.longest);
            let outs = value[..steps.len()].iter_mut();
            operand.each(operand.words(&of.store), spare, outs, |out, value| {
                *out = value;
            });
        }
        for (place, &period) in of.periods.iter().enumerate() {
            let step = of.model.captured_at(period) as i32;
            of.wrong[place * outputs + index] = if steps.contains(&step) {
                of.scratch[(step - first) as usize].xor(value)
            } else {
                Lanes::default()
            };
        }
    }
}
