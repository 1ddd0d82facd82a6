//! Where tiles lie in memory: the address maps of both layouts.

use crate::config::ArrayConfig;
use serde::{Deserialize, Serialize};

/// How the tiles of a matrix are laid out in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Repacked: a record per tile, header and rows together.
    #[default]
    Tile,
    /// The tiles of a row of the matrix side by side, headers in a table of their own.
    RowMajor,
}

/// The checkpoints of one layer in memory. Addresses are bytes and wrap at 2³².
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressMap {
    /// Layout of the tiles.
    pub layout: Layout,
    /// First byte of the records, or of the rows.
    pub base: u32,
    /// First byte of the table of headers, row-major only.
    pub header_base: u32,
    /// Tiles across the matrix.
    pub tiles_n: u32,
}

impl AddressMap {
    /// Number of a tile in streaming order.
    fn index(&self, tile_m: u32, tile_n: u32) -> u32 {
        tile_m.wrapping_mul(self.tiles_n).wrapping_add(tile_n)
    }

    /// Address of a tile's header beat.
    pub fn header(&self, config: &ArrayConfig, tile_m: u32, tile_n: u32) -> u32 {
        let (base, step) = match self.layout {
            Layout::Tile => (self.base, config.tile_stride()),
            Layout::RowMajor => (self.header_base, config.memory_bytes),
        };
        base.wrapping_add(self.index(tile_m, tile_n).wrapping_mul(step as u32))
    }

    /// Address of row `row` of a tile.
    pub fn row(&self, config: &ArrayConfig, tile_m: u32, tile_n: u32, row: u32) -> u32 {
        let row_bytes = config.row_bytes() as u32;
        match self.layout {
            Layout::Tile => self
                .header(config, tile_m, tile_n)
                .wrapping_add(config.memory_bytes as u32)
                .wrapping_add(row * row_bytes),
            Layout::RowMajor => {
                let matrix_row = tile_m
                    .wrapping_mul(config.tile_rows as u32)
                    .wrapping_add(row);
                let line = self.index(matrix_row, tile_n);
                self.base.wrapping_add(line.wrapping_mul(row_bytes))
            }
        }
    }

    /// The (byte address, bytes) of a whole tile in the order in which it is read or written:
    /// header, then rows. `tile` counts in streaming order, `rows` are its rows.
    pub fn tile_requests(&self, config: &ArrayConfig, tile: u32, rows: u32) -> Vec<(u64, u32)> {
        let (tile_m, tile_n) = (tile / self.tiles_n, tile % self.tiles_n);
        let header = self.header(config, tile_m, tile_n).into();
        let row = |row| {
            let address = self.row(config, tile_m, tile_n, row);
            (u64::from(address), config.row_bytes() as u32)
        };
        [(header, config.memory_bytes as u32)]
            .into_iter()
            .chain((0..rows).map(row))
            .collect()
    }

    /// Distance from one row of a tile to the next.
    pub fn stride(&self, config: &ArrayConfig) -> u32 {
        match self.layout {
            Layout::Tile => config.row_bytes() as u32,
            Layout::RowMajor => self.tiles_n.wrapping_mul(config.row_bytes() as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::tests::array;
    use std::collections::HashSet;

    #[test]
    fn no_two_beats_share_an_address() {
        for (rows, columns, bytes) in [(2, 2, 4), (7, 5, 4), (8, 16, 16), (3, 17, 16), (5, 9, 64)] {
            let mut config = array(4, columns, rows);
            config.memory_bytes = bytes;
            let (tiles_m, tiles_n) = (4, 3);
            for layout in [Layout::Tile, Layout::RowMajor] {
                let map = AddressMap {
                    layout,
                    base: 0x10_0000,
                    header_base: 0x8_0000,
                    tiles_n,
                };
                let mut seen = HashSet::new();
                for tile in 0..tiles_m * tiles_n {
                    let (m, n) = (tile / tiles_n, tile % tiles_n);
                    assert!(seen.insert(map.header(&config, m, n)));
                    for row in 0..rows as u32 {
                        let first = map.row(&config, m, n, row);
                        assert_eq!(first, map.row(&config, m, n, 0) + row * map.stride(&config));
                        for beat in 0..config.row_beats() {
                            assert!(seen.insert(first + (beat * bytes) as u32));
                        }
                    }
                }
                assert!(seen.iter().all(|address| address % bytes as u32 == 0));
            }
        }
    }

    #[test]
    fn a_record_is_aligned_to_the_power_of_two_that_holds_it() {
        let mut config = array(16, 16, 64);
        config.memory_bytes = 16;
        assert_eq!(config.tile_stride(), 2048);
        let map = AddressMap {
            tiles_n: 10,
            ..AddressMap::default()
        };
        assert_eq!(map.header(&config, 2, 3), 23 * 2048);
        assert_eq!(map.row(&config, 2, 3, 5), 23 * 2048 + 16 + 5 * 16);
    }

    #[test]
    fn row_major_is_the_matrix_row_by_row() {
        let mut config = array(4, 20, 8);
        config.memory_bytes = 16;
        let map = AddressMap {
            layout: Layout::RowMajor,
            base: 4096,
            header_base: 64,
            tiles_n: 3,
        };
        assert_eq!(map.row(&config, 2, 1, 5), 4096 + ((2 * 8 + 5) * 3 + 1) * 32);
        assert_eq!(map.header(&config, 2, 1), 64 + 7 * 16);
    }
}
