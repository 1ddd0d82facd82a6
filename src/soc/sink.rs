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

impl ReceivedTile {
    /// A bit of the `tuser` of a row.
    fn user_bit(&self, row: usize, bit: usize) -> bool {
        self.users[row][bit / 32] >> (bit % 32) & 1 != 0
    }

    /// The tile is void: it comes again later. `columns` is C.
    pub fn repeated_later(&self, columns: usize) -> bool {
        self.user_bit(0, 2 * columns + 1)
    }

    /// Its masked elements come from a checkpoint.
    pub fn rolled_back(&self, columns: usize) -> bool {
        self.user_bit(self.users.len() - 1, 2 * columns + 2)
    }

    /// Flag of a row.
    pub fn row_flag(&self, columns: usize, row: usize) -> bool {
        self.user_bit(row, columns)
    }

    /// Flag of a column.
    pub fn column_flag(&self, columns: usize, column: usize) -> bool {
        self.user_bit(0, columns + 1 + column)
    }
}
