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
    let mut depth = 0;
    // The last step writes the result to its place.
    let (last, steps) = function.cover.formula.split_last().expect("never empty");
    for step in steps {
        match step {
            Step::Literal(n) => {
                let literal = &function.literals[usize::from(*n)];
                let out = &mut scratch[depth * longest..][..longest];
                operand(literal, rows, settled_values, &row.computed, store, out);
                depth += 1;
            }
            Step::And | Step::Or => {
                depth -= 1;
                let (left, right) = scratch.split_at_mut(depth * longest);
                let left = &mut left[(depth - 1) * longest..][..length];
                if *step == Step::And {
                    for (left, right) in left.iter_mut().zip(right) {
                        *left = left.and(*right);
                        one_word_at_a_time();
                    }
                } else {
                    for (left, right) in left.iter_mut().zip(right) {
                        *left = left.or(*right);
                        one_word_at_a_time();
                    }
                }
            }
        }
    }
    if let Step::Literal(n) = last {
        let literal = &function.literals[usize::from(*n)];
        let out = &mut scratch[..longest];
        operand(literal, rows, settled_values, &row.computed, store, out);
    }
    let stored = &mut store[row.at..][..row.stored.len()];
    let before = (row.computed.start - row.stored.start) as usize;
    let (front, rest) = stored.split_at_mut(before);
    let (out, back) = rest.split_at_mut(length);
    let (left, right) = scratch.split_at(longest);
    match last {
        Step::Literal(_) => {
            for (out, value) in out.iter_mut().zip(left) {
                *out = *value;
                one_word_at_a_time();
            }
        }
        Step::And => {
            for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
                *out = left.and(*right);
                one_word_at_a_time();
            }
        }
        Step::Or => {
            for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
                *out = left.or(*right);
                one_word_at_a_time();
            }
        }
    }
    let (first, last) = (out[0], out[length - 1]);
    fill(front, first);
    fill(back, last);
}

#[inline(always)]
fn fill(words: &mut [Lanes], value: Lanes) {
    for word in words {
        *word = value;
        one_word_at_a_time();
    }
}

/// A literal over the steps of the gate that it is of.
#[inline(always)]
fn operand(
    literal: &DelayedLiteral,
    rows: &[Option<Row>],
    settled_values: &[Lanes],
    steps: &Range<i32>,
    store: &[Lanes],
    out: &mut [Lanes],
) {
    let Some(source) = &rows[literal.source] else {
        let value = settled(literal, settled_values);
        fill(&mut out[..steps.len()], value);
        return;
    };
    let (longest, width) = literal.spread();
    let [rise, fall] = literal.delay;
    let flip = Lanes::all(literal.inverted);
    let from = source.at + (steps.start - longest as i32 - source.stored.start) as usize;
    let x = &store[from..][..steps.len() + width as usize];
    // An inverted literal is high where its source is low throughout.
    if (rise > fall) != literal.inverted {
        window::<true>(x, width as usize, flip, out);
    } else {
        window::<false>(x, width as usize, flip, out);
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
            operand(
                &function.literals[0],
                &of.plan.rows,
                &of.settled,
                &steps,
                &of.store,
                &mut of.scratch,
            );
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
