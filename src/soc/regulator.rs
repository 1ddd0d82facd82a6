//! A voltage regulator or a PLL behind a code, a request and an
//! acknowledgement. It can be made to misbehave, as real ones do.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How fast a regulator answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slew {
    /// Cycles that its output takes from one code to the next; at least 1.
    pub cycles_per_code: u32,
    /// Cycles from its output being there to the acknowledgement.
    pub latency: u32,
    /// Up to so many cycles more, drawn for every request.
    pub jitter: u32,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The output stays where it is, and no request is answered.
    Dead,
    /// The output moves as it should, but no request is answered.
    Silent,
    /// Requests are answered so many cycles too late.
    Late(u32),
}

/// A regulator or a PLL. Its output moves monotonically towards the code
/// requested last, also after the request was withdrawn.
#[derive(Clone, Debug)]
pub struct Regulator {
    slew: Slew,
    misbehaviour: Option<(u64, Misbehaviour)>,
    rng: ChaCha8Rng,
    level: u8,
    goal: u8,
    /// Cycles until the output moves by a code.
    until_step: u32,
    /// Cycles until the acknowledgement, once the output is there.
    until_ack: u32,
    req: bool,
    ack: bool,
    requests: u64,
}

impl Regulator {
    /// A regulator whose output has a code at reset. The same seed gives the
    /// same behaviour.
    pub fn new(code: u8, slew: Slew, seed: u64) -> Self {
        Self {
            slew,
            misbehaviour: None,
            rng: ChaCha8Rng::seed_from_u64(seed),
            level: code,
            goal: code,
            until_step: 0,
            until_ack: 0,
            req: false,
            ack: false,
            requests: 0,
        }
    }

    /// Misbehaves from a request on, counted from 0.
    pub fn misbehave(mut self, from: u64, how: Misbehaviour) -> Self {
        self.misbehaviour = Some((from, how));
        self
    }

    /// What its output is at, as a code.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The acknowledgement in this cycle.
    pub fn ack(&self) -> bool {
        self.ack
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The clock edge that ends a cycle with these pins.
    pub fn tick(&mut self, code: u8, req: bool) {
        if req && !self.req {
            self.begin(code);
        }
        let rising = req && !self.req;
        self.req = req;
        self.advance();
        if !req || rising {
            self.ack = false;
        } else if self.level == self.goal && !self.mute() {
            self.ack |= self.until_ack == 0;
            self.until_ack = self.until_ack.saturating_sub(1);
        }
    }

    /// How it misbehaves at the present request.
    fn wrong(&self) -> Option<Misbehaviour> {
        let (from, how) = self.misbehaviour?;
        (self.requests > from).then_some(how)
    }

    fn mute(&self) -> bool {
        matches!(
            self.wrong(),
            Some(Misbehaviour::Dead | Misbehaviour::Silent)
        )
    }

    fn begin(&mut self, code: u8) {
        self.requests += 1;
        let jitter = self.rng.next_u32() % (self.slew.jitter + 1);
        self.until_ack = self.slew.latency + jitter;
        self.until_step = self.slew.cycles_per_code;
        match self.wrong() {
            Some(Misbehaviour::Dead) => self.goal = self.level,
            Some(Misbehaviour::Late(cycles)) => {
                self.goal = code;
                self.until_ack += cycles;
            }
            _ => self.goal = code,
        }
    }

    /// Moves the output.
    fn advance(&mut self) {
        if self.level == self.goal {
            return;
        }
        self.until_step = self.until_step.saturating_sub(1);
        if self.until_step == 0 {
            self.until_step = self.slew.cycles_per_code;
            self.level = if self.level < self.goal {
                self.level + 1
            } else {
                self.level - 1
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLEW: Slew = Slew {
        cycles_per_code: 3,
        latency: 2,
        jitter: 0,
    };

    /// Cycles from the request to the acknowledgement.
    fn answer(regulator: &mut Regulator, code: u8, limit: u32) -> Option<u32> {
        let found = (0..limit).find(|_| {
            regulator.tick(code, true);
            regulator.ack()
        });
        regulator.tick(code, false);
        assert!(!regulator.ack());
        found
    }

    #[test]
    fn the_time_to_answer_follows_from_the_slew() {
        let mut regulator = Regulator::new(10, SLEW, 0);
        let near = answer(&mut regulator, 11, 1000).unwrap();
        assert_eq!(regulator.level(), 11);
        let far = answer(&mut regulator, 1, 1000).unwrap();
        assert_eq!(regulator.level(), 1);
        assert_eq!(far - near, 9 * SLEW.cycles_per_code);
    }

    #[test]
    fn it_misbehaves_from_the_chosen_request_on() {
        let new = |how| Regulator::new(10, SLEW, 0).misbehave(1, how);
        let mut good = Regulator::new(10, SLEW, 0);
        let (first, second) = (
            answer(&mut good, 12, 1000),
            answer(&mut good, 10, 1000).unwrap(),
        );

        let mut dead = new(Misbehaviour::Dead);
        assert_eq!(answer(&mut dead, 12, 1000), first);
        assert_eq!(answer(&mut dead, 10, 1000), None);
        assert_eq!(dead.level(), 12);

        let mut silent = new(Misbehaviour::Silent);
        assert_eq!(answer(&mut silent, 12, 1000), first);
        assert_eq!(answer(&mut silent, 10, 1000), None);
        assert_eq!(silent.level(), 10);

        let mut late = new(Misbehaviour::Late(50));
        assert_eq!(answer(&mut late, 12, 1000), first);
        assert_eq!(answer(&mut late, 10, 1000), Some(second + 50));
    }

    #[test]
    fn the_same_seed_gives_the_same_jitter() {
        let slew = Slew { jitter: 40, ..SLEW };
        let times = |seed| -> Vec<Option<u32>> {
            let mut regulator = Regulator::new(10, slew, seed);
            (0..20u8).map(|i| answer(&mut regulator, i, 1000)).collect()
        };
        assert_eq!(times(5), times(5));
        assert_ne!(times(5), times(6));
    }
}
