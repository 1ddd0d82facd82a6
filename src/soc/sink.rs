//! Takes the result stream and puts the tiles together.

use super::Stalls;

/// A tile as the result stream delivered it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceivedTile {
    /// Rows of C int32, as unsigned words.
    pub rows: Vec<Vec<u32>>,
    /// `tuser` of every row.
    pub users: Vec<Vec<u32>>,
}

/// The consumer of results.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    stalls: Stalls,
    present: ReceivedTile,
}

impl Sink {
    /// A consumer that hesitates as `stalls` says.
    pub fn new(stalls: Stalls) -> Self {
        Self {
            stalls,
            present: ReceivedTile::default(),
        }
    }

    /// Whether it takes a beat in this cycle.
    pub fn ready(&self, cycle: u64) -> bool {
        !self.stalls.hit(cycle)
    }

    /// Takes a beat; returns the tile that it ends.
    pub fn take(&mut self, data: &[u32], user: &[u32], last: bool) -> Option<ReceivedTile> {
        self.present.rows.push(data.to_vec());
        self.present.users.push(user.to_vec());
        last.then(|| std::mem::take(&mut self.present))
    }
}
